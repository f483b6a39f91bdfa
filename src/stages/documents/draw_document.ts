/**
 * All pages of a document, drawn or kept, within what one message carries.
 *
 * @module
 */
import type { Page } from '../../documents/page.ts'
import type { StageItem } from '../types.ts'
import { DocumentError } from './document_error.ts'
import type { DrawFault, Drawing, DrawnType, DrawSettings } from './drawing.ts'

/** Total of a document's pages: they have to fit one message. */
const MOST_PICTURE_BYTES = 64 * 2 ** 20
/** Characters of a document that carries its text. */
const MOST_CHARACTERS = 1_000_000

export interface Opened {
  pages: Page[]
  pictures: StageItem[]
}

/** @throws DocumentError */
export async function drawDocument(
  drawing: Drawing,
  type: DrawnType,
  bytes: Uint8Array,
  settings: DrawSettings,
): Promise<Opened> {
  const opened: Opened = { pages: [], pictures: [] }
  let [characters, pictureBytes] = [0, 0]
  const { pages } = orThrow(await drawing.open(type, bytes, settings))
  for (let index = 0; index < pages; index++) {
    const drawn = orThrow(await drawing.page(index))
    opened.pages.push(drawn.page)
    characters += drawn.characters
    if (characters > MOST_CHARACTERS) {
      throw new DocumentError(
        'too_large',
        `Cannot take a text of over ${MOST_CHARACTERS} characters`,
      )
    }
    if (drawn.picture === undefined) continue
    opened.pictures.push(pictureItem(drawn.page, drawn.picture, drawn.scale))
    pictureBytes += drawn.picture.length
    if (pictureBytes > MOST_PICTURE_BYTES) {
      throw new DocumentError(
        'too_large',
        `Cannot take a document whose pages come to over ${MOST_PICTURE_BYTES / 2 ** 20} MiB: ` +
          'send it as a job, to /v1/jobs',
      )
    }
  }
  await drawing.close()
  return opened
}

function pictureItem(
  { index, width, height }: Page,
  bytes: Uint8Array,
  scale: number | undefined,
): StageItem {
  const page = { index, width, height, ...scale !== undefined && { scale } }
  return { meta: { type: 'image/jpeg', page }, bytes }
}

function orThrow<T extends { ok: true }>(drawn: T | DrawFault): T {
  if (drawn.ok) return drawn
  throw new DocumentError(drawn.reason, drawn.message, drawn.gaveUp)
}
