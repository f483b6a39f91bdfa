/**
 * Pages with known blocks, tables and turns, to measure layout on.
 *
 * @module
 */
import { openStudio, type Studio } from '../../ocr/canvas.ts'
import { createRandom } from '../../ocr/random.ts'
import { englishWords } from '../../ocr/words.ts'
import { type Kind, kinds } from './kinds.ts'
import type { TrueBlock } from './setting.ts'
import { SHEET, Sheet, type Turn } from './sheet.ts'

export interface LabelledPage {
  kind: PageKind
  width: number
  height: number
  /** As `Page` has it. */
  turn: Turn
  type: 'image/jpeg'
  bytes: Uint8Array
  /** In reading order, boxes in pixels of the picture. */
  blocks: TrueBlock[]
}

const upright = Object.keys(kinds) as (keyof typeof kinds)[]

const turned = { 'turned 90': 90, 'turned 180': 180, 'turned 270': 270 } as const

/** Kinds of pages; those that are turned or lean are of all the others, one after the other. */
export const PAGE_KINDS = [
  ...upright,
  ...Object.keys(turned) as (keyof typeof turned)[],
  'skewed',
] as const
export type PageKind = (typeof PAGE_KINDS)[number]

/** Baseline of the line at a page's foot. */
const FOOT_LINE = SHEET.height - 50

/** Degrees that a page put on a scanner may lean. */
const MOST_LEAN = 3

/** Rules and thresholds were chosen on other seeds. */
export const seed = 58100

/**
 * Page `index` of a kind, of the endless series of a seed.
 *
 * @param foot a line below all else, in the middle of the page, as page numbers stand
 */
export async function makeLabelled(
  studio: Studio,
  words: readonly string[],
  kind: PageKind,
  index: number,
  own: number = seed,
  foot?: string,
): Promise<LabelledPage> {
  const nth = PAGE_KINDS.indexOf(kind)
  const random = createRandom(
    Math.imul(own, 0x9e3779b1) ^ Math.imul(index * PAGE_KINDS.length + nth + 1, 0x85ebca6b),
  )
  const set: Kind = kind in kinds
    ? kinds[kind as keyof typeof kinds]
    : kinds[upright[index % upright.length]!]
  const turn: Turn = kind in turned ? turned[kind as keyof typeof turned] : 0
  const lean = kind === 'skewed' ? (random.chance(0.5) ? 1 : -1) * random.between(1, MOST_LEAN) : 0
  const sheet = new Sheet(studio, turn, lean)
  const fonts = studio.fonts.filter((font) => !/Italic|Bold|Light/.test(font))
  const bold = studio.fonts.filter((font) => /Bold$/.test(font))
  const body = { font: random.pick(fonts), size: random.integer(17, 21) }
  const heading = { font: random.pick(bold), size: random.integer(30, 40) }
  const blocks = set({ sheet, random, words }, { body, heading })
  if (foot !== undefined) {
    const x = (SHEET.width - sheet.widthOf(foot, body)) / 2
    blocks.push({ kind: 'text', lines: [sheet.text(foot, x, FOOT_LINE, body)] })
  }
  const { width, height } = sheet
  return { kind, width, height, turn, type: 'image/jpeg', bytes: await sheet.jpeg(random), blocks }
}

/** So many pages of each kind, or why there are none. */
export async function* labelledPages(
  count: number,
  own: number = seed,
  wanted: readonly PageKind[] = PAGE_KINDS,
): AsyncGenerator<LabelledPage> {
  const studio = await openStudio()
  if ('skip' in studio) throw new Error(`Cannot draw: ${studio.skip}`)
  const words = await englishWords()
  for (const kind of wanted) {
    for (let index = 0; index < count; index++) {
      yield await makeLabelled(studio, words, kind, index, own)
    }
  }
}
