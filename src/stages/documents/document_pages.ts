/**
 * Taking documents apart: a file in, one picture for each of its pages out, and of pages that carry
 * their text that text.
 *
 * @module
 */
import { z } from 'zod'
import { documentTypeOf, isDocumentType } from '../../documents/document_type.ts'
import type { DocumentType } from '../../documents/documents.ts'
import { pictureHead } from '../../pipeline/picture_head.ts'
import { oncePerVariant } from '../once.ts'
import { readField } from '../options.ts'
import type { ImageCodecs, ItemResult, Json, Stage, StageContext, StageItem } from '../types.ts'
import { DocumentError } from './document_error.ts'
import { drawDocument, type Opened } from './draw_document.ts'
import { createDrawing } from './draw_here.ts'
import type { Drawing, DrawSettings } from './drawing.ts'
import { unread } from './page_picture.ts'
import { sampleDocument } from './sample_document.ts'

const inputSchema = z.strictObject({
  /** Dots an inch that pages of a PDF are drawn with; pictures and TIFFs come as they are. */
  dpi: z.number().min(20).max(600).default(150),
})
const settingsSchema = z.object({
  /** Pages of one query at most. */
  maxPages: z.number().int().min(1).max(256).default(32),
  /** Whether pages of a PDF that carry their text keep it, unless a query says otherwise. */
  text: z.enum(['keep', 'read']).default('keep'),
})

const settingsOf = oncePerVariant(({ task, variant }) => ({
  ...readField(inputSchema, 'input', 'a variant', {
    ...task['input'] as object,
    ...variant['input'] as object,
  }),
  ...readField(settingsSchema, '', 'a task', { maxPages: task['maxPages'], text: task['text'] }),
}))

/**
 * Stage `document-pages`. Task: `maxPages`, `text: 'keep' | 'read'`; task or variant: `input: {dpi}`.
 *
 * Items: `{type: media type, text?: 'keep' | 'read'}` and the file: a PDF, a TIFF, a JPEG, PNG or
 * WebP. Fields: `{pages}`, all of them in order, as `Page` of `src/documents/page.ts`; pages to be
 * read have no blocks yet. Children, of pages to be read alone: `{type, page: {index, width,
 * height, scale?}}` and a picture. Needs no model.
 */
export const documentPages: Stage = {
  run: async (items, context) => {
    const results: ItemResult[] = []
    for (const item of items) results.push(await resultOf(item, context))
    return results
  },
  check({ task, fail }) {
    for (const [name, variant] of Object.entries(task.variants)) {
      try {
        settingsOf({ task, variant, next: task.next })
      } catch (error) {
        if (!(error instanceof TypeError)) throw error
        fail(`variants.${name}`, error.message)
      }
    }
  },
  fields: () => ['pages'],
  tells: ['page'],
  warmUp: () => [],
  sample: sampleDocument,
  takes: 'documents',
  handsOn: 'pictures',
}

async function resultOf(item: StageItem, context: StageContext): Promise<ItemResult> {
  if (context.signal?.aborted) return NOT_AWAITED
  try {
    return await pagesOf(item, context)
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    const { reason, message, gaveUp } = error
    return { ok: false, reason, message, ...gaveUp && { gaveUp } }
  }
}

const NOT_AWAITED: ItemResult = {
  ok: false,
  reason: 'expired',
  message: 'Nobody waits for the document any more',
}

/** Used where the host provides no drawing that can be ended. */
const here = new WeakMap<ImageCodecs, Drawing>()

function drawingOf({ drawing, codecs }: StageContext): Drawing {
  if (drawing !== undefined) return drawing
  const found = here.get(codecs) ?? createDrawing(codecs)
  here.set(codecs, found)
  return found
}

async function pagesOf(
  { meta, bytes }: StageItem,
  context: StageContext,
): Promise<ItemResult> {
  const { task, variant, next } = context
  const given = settingsOf({ task, variant, next })
  const { text: wish } = meta
  const settings: DrawSettings = wish === 'keep' || wish === 'read'
    ? { ...given, text: wish }
    : given
  const type = typeIn(meta['type'], bytes)
  const { pages, pictures } = type === 'application/pdf' || type === 'image/tiff'
    ? await drawDocument(drawingOf(context), type, bytes, settings)
    : pictureAlone(type, bytes)
  return {
    ok: true,
    fields: { pages: pages as unknown as Json },
    children: Object.fromEntries(next.map((child) => [child, pictures])),
  }
}

function typeIn(said: Json | undefined, bytes: Uint8Array): DocumentType {
  if (bytes.length === 0) {
    throw new DocumentError('invalid_input', 'Cannot open an empty file: send the bytes of it')
  }
  if (typeof said !== 'string' || !isDocumentType(said)) {
    throw new DocumentError('invalid_input', `Cannot open a file of type ${JSON.stringify(said)}`)
  }
  const type = documentTypeOf(bytes)
  if (type === said) return type
  throw new DocumentError(
    'invalid_input',
    `Cannot open the file as ${said}: its content is ${type ?? 'none that is known'}`,
  )
}

/** The file as it came: the task that reads it decodes it, and finds damage. */
function pictureAlone(type: string, bytes: Uint8Array): Opened {
  const head = pictureHead(bytes)
  if (head === undefined) {
    throw new DocumentError('invalid_input', `Cannot open the file as ${type}: it is damaged`)
  }
  const onSide = (head.orientation ?? 1) >= 5
  const [width, height] = onSide ? [head.height, head.width] : [head.width, head.height]
  const page = { index: 0, width, height }
  return { pages: [unread(page)], pictures: [{ meta: { type, page }, bytes }] }
}
