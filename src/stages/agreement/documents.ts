/**
 * Results that no document can lead to.
 *
 * @module
 */
import type { Json, JsonObject } from '../types.ts'
import { type Agreement, type Served, strangeField } from './kind.ts'

/** As `maxPages` of a task may be. */
const MOST_PAGES = 256
const MOST_LINES = 100_000
/** Of a side in pixels: as a TIFF may have them. */
const MOST_SIDE = 2 ** 31

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isSide = (value: Json | undefined) =>
  typeof value === 'number' && value > 0 && value <= MOST_SIDE
const isNumber = (value: Json | undefined) => typeof value === 'number' && Number.isFinite(value)

/** Fields `{pages}`; a child item for each page that is to be read. */
export const documentPages: Partial<Agreement> = {
  faultOf(result) {
    const { children } = result
    const fault = pagesFault(result, true)
    if (fault !== undefined) return fault
    const pages = result.fields!['pages'] as JsonObject[]
    for (const items of Object.values(children)) {
      const unread = pages.filter(({ source }) => source === 'read')
      if (items.length !== unread.length) return 'another number of pages than are to be read'
      const isOther = items.some(({ meta: { page } }, i) =>
        !isObject(page) || page['index'] !== unread[i]!['index']
      )
      if (isOther) return 'a picture of another page'
    }
    return undefined
  },
}

export const pageLayout: Partial<Agreement> = {
  faultOf: (result) => pagesFault(result, false),
}

/** @param whole whether all pages are there, from the first on */
function pagesFault({ fields }: Served, whole: boolean): string | undefined {
  const pages = fields?.['pages']
  if (fields === null || !Array.isArray(pages) || pages.length > MOST_PAGES) {
    return 'no list of pages'
  }
  const strange = strangeField(fields, ['pages'])
  if (strange !== undefined) return strange
  let [before, lines] = [-1, 0]
  for (const page of pages) {
    if (!isObject(page)) return 'a page that is none'
    const { index, width, height, turn, source, blocks, ...others } = page
    const isNext = Number.isInteger(index) && (index as number) > before &&
      (!whole || index === before + 1)
    if (!isNext) return 'a page out of its order'
    before = index as number
    const isPage = isSide(width) && isSide(height) && [0, 90, 180, 270].includes(turn as number) &&
      (source === 'read' || source === 'kept') && Array.isArray(blocks) &&
      Object.keys(others).length === 0
    if (!isPage) return 'a page that is none'
    for (const block of blocks) {
      const found = linesOf(block)
      if (found === undefined || !found.every(isLine)) return 'a page of blocks that are none'
      lines += found.length
    }
  }
  return lines > MOST_LINES ? 'more lines than a document has' : undefined
}

function linesOf(block: Json): Json[] | undefined {
  if (!isObject(block) || !isObject(block['area'])) return undefined
  const { left, top, right, bottom } = block['area']
  if (![left, top, right, bottom].every(isNumber)) return undefined
  if (block['kind'] === 'text') return Array.isArray(block['lines']) ? block['lines'] : undefined
  return block['kind'] === 'table' && Array.isArray(block['rows'])
    ? block['rows'].flat(2)
    : undefined
}

function isLine(line: Json): boolean {
  if (!isObject(line)) return false
  const { text, confidence, box } = line
  const isBox = Array.isArray(box) && box.length === 4 &&
    box.every((point) => Array.isArray(point) && point.length === 2 && point.every(isNumber))
  return typeof text === 'string' && text !== '' && isNumber(confidence) &&
    (confidence as number) >= 0 && (confidence as number) <= 1 && isBox
}
