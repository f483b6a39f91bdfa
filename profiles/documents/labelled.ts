/**
 * The labelled set of the `documents` pipeline: generated scans, scored by characters.
 *
 * @module
 */
import type { Page } from '../../src/documents/page.ts'
import { boxOfCorners } from '../../src/stages/box.ts'
import { cutCrop } from '../../src/stages/crop.ts'
import { pictureOf } from '../../src/stages/item.ts'
import type { Example, Labelled, Leaf } from '../../src/stages/labelled.ts'
import type { ImageCodecs, JsonObject, StageItem } from '../../src/stages/types.ts'
import { openStudio } from '../ocr/canvas.ts'
import { scoreLines } from '../ocr/labelled.ts'
import { languageOf, type Script, textIn } from '../ocr/words.ts'
import { makeScan, SCAN, type Scan } from './scan.ts'

/** Settings of the stages were chosen on other seeds. */
export const seed = 58013
/** Of 30 to 45 lines each: as many characters as the set of `ocr` has. */
export const pageCount = 4

/** The set, or why it cannot be had: canvas and fonts are development packages. */
export async function labelled(
  options: { seed?: number; count?: number; script?: Script } = {},
): Promise<Labelled | { skip: string }> {
  const { script } = options
  const studio = await openStudio(script)
  if ('skip' in studio) return studio
  const own = options.seed ?? seed
  return {
    about: { kind: 'generated scans', seed: own },
    names: { examples: 'pages', truths: 'lines', units: 'characters' },
    count: options.count ?? pageCount,
    example: async (index) =>
      exampleOf(await makeScan(studio, await textIn(languageOf(index, script)), own, index)),
  }
}

const PAGE = { index: 0, width: SCAN.width, height: SCAN.height }

function exampleOf(scan: Scan): Example {
  const input: StageItem = { meta: { type: 'application/pdf' }, bytes: scan.pdf }
  const page: StageItem = { meta: { type: 'image/jpeg', page: PAGE }, bytes: scan.jpeg }
  return {
    input,
    async perfect(task, codecs) {
      if (task === 'open') return [input]
      if (task === 'detect') return [page]
      if (task === 'recognise') return await trueCrops(page, scan, codecs)
      const gathered = scan.lines.map(({ text, box }) => ({ text, box, confidence: 1, page: PAGE }))
      return [{ meta: { gathered }, bytes: new Uint8Array(0) }]
    },
    score: (leaves) => scoreLines(scan.lines, leaves.flatMap(linesOf)),
  }
}

/** Lines of pages, in pixels of the scan. */
function linesOf({ fields }: Leaf): Leaf[] {
  const pages = (fields?.['pages'] ?? []) as unknown as Page[]
  return pages.flatMap(({ blocks, width }) =>
    blocks.flatMap((block) => block.kind === 'text' ? block.lines : block.rows.flat(2))
      .map(({ text, box }): Leaf => {
        const scaled = box.map((point) => point.map((at) => at * SCAN.width / width))
        return { meta: { box: scaled } as JsonObject, fields: { text } }
      })
  )
}

async function trueCrops(
  page: StageItem,
  { lines }: Scan,
  codecs: ImageCodecs,
): Promise<StageItem[]> {
  const picture = await pictureOf(page, codecs)
  return lines.map(({ box }) => {
    const crop = cutCrop(picture, boxOfCorners(box), { maxHeight: 48, maxWidth: 2400 })
    return {
      meta: { format: 'rgb', width: crop.width, height: crop.height, box, page: PAGE },
      bytes: crop.data as Uint8Array,
    }
  })
}
