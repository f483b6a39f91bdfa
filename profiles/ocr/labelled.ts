/**
 * The labelled set of the `ocr` pipeline: generated pages, scored by characters.
 *
 * @module
 */
import type { Example, Labelled, Leaf, Score } from '../../src/stages/labelled.ts'
import { boxOfCorners, type Point } from '../../src/stages/box.ts'
import { cutCrop } from '../../src/stages/crop.ts'
import { pictureOf } from '../../src/stages/item.ts'
import type { ImageCodecs, StageItem } from '../../src/stages/types.ts'
import { openStudio } from './canvas.ts'
import { makePage, type TrueLine } from './pages.ts'
import { editDistance, matchLines } from './score.ts'
import { languageOf, type Script, type Text, textIn } from './words.ts'

/** Settings of the stages were chosen on other seeds. */
export const seed = 20260
export const pageCount = 48

/**
 * The set, or why it cannot be had: canvas and fonts are development packages.
 *
 * @param options.text of all pages; where absent a third is English, the others in languages of the script
 */
export async function labelled(
  options: { seed?: number; count?: number; text?: Text; script?: Script } = {},
): Promise<Labelled | { skip: string }> {
  const { script } = options
  const studio = await openStudio(script)
  if ('skip' in studio) return studio
  const own = options.seed ?? seed
  return {
    about: { kind: 'generated pages', seed: own },
    names: { examples: 'pages', truths: 'lines', units: 'characters' },
    count: options.count ?? pageCount,
    example: async (index) => {
      const text = options.text ?? await textIn(languageOf(index, script))
      return exampleOf(await makePage(studio, text, own, index))
    },
  }
}

function exampleOf(page: Awaited<ReturnType<typeof makePage>>): Example {
  const input: StageItem = { meta: { type: page.type }, bytes: page.bytes }
  return {
    input,
    perfect: async (task, codecs) => {
      return task === 'detect' ? [input] : await trueCrops(input, page.lines, codecs)
    },
    score: (leaves) => scoreLines(page.lines, leaves),
  }
}

async function trueCrops(
  input: StageItem,
  lines: readonly TrueLine[],
  codecs: ImageCodecs,
): Promise<StageItem[]> {
  const picture = await pictureOf(input, codecs)
  return lines.map(({ box }) => {
    const crop = cutCrop(picture, boxOfCorners(box), { maxHeight: 48, maxWidth: 2400 })
    return {
      meta: { format: 'rgb', width: crop.width, height: crop.height, box },
      bytes: crop.data as Uint8Array,
    }
  })
}

/** Character errors over all true lines; a line not found is wrong throughout. */
export function scoreLines(truths: readonly TrueLine[], leaves: readonly Leaf[]): Score {
  const found = leaves.map(({ meta, fields }) => ({
    text: String(fields?.['text'] ?? ''),
    box: meta['box'] as Point[],
  }))
  const matched = matchLines(truths, found)
  const score: Score = { total: 0, errors: 0, truths: truths.length, found: matched.size, exact: 0 }
  for (const truth of truths) {
    const text = matched.get(truth)?.text ?? ''
    const errors = editDistance(text, truth.text)
    score.total += truth.text.length
    score.errors += errors
    if (errors === 0) score.exact++
  }
  return score
}
