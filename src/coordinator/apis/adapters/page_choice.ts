/**
 * Pages of a document that a call names, and the ranges in which they are read.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'

/** Pages, `count` of them, from `from` on, the first being 0. */
export interface Range {
  from: number
  count: number
}

/** Most pages of a document. */
const MAX_PAGES = 20_000

const fail = (fault: string): never => {
  throw new ApiError('invalid_input', `Cannot use pages: ${fault}`, undefined, 'pages')
}

/**
 * @param choice a list of pages, or a text such as `0,2-4`
 * @returns the pages in order, each once
 * @throws ApiError `invalid_input`
 */
export function readPages(choice: string | readonly number[]): number[] {
  const pages = new Set<number>()
  if (typeof choice !== 'string') { for (const page of choice) pages.add(page) }
  else {
    for (const piece of choice.split(',')) {
      const [, first, last = first] = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5})\s*)?$/.exec(piece) ?? []
      if (first === undefined) {
        fail(`send numbers and ranges from 0 on, as 0,2-4: received ${piece.slice(0, 40)}`)
      }
      if (Number(last) < Number(first)) fail(`${piece.trim()} ends before it begins`)
      if (Number(last) >= MAX_PAGES) fail(`no document has over ${MAX_PAGES} pages`)
      for (let page = Number(first); page <= Number(last); page++) pages.add(page)
    }
  }
  if (pages.size === 0) fail('it names none: leave it out to have all of them read')
  return [...pages].sort((a, b) => a - b)
}

/**
 * @param total pages of the document
 * @throws ApiError `invalid_input` for a page that is not there
 */
export function checkPages(pages: readonly number[] | undefined, total: number): void {
  const last = pages?.at(-1) ?? 0
  if (pages !== undefined && last >= total) {
    fail(`there is no page ${last}: the document has ${total}, and the first is 0`)
  }
}

/**
 * @param pages pages in order; all where absent
 * @param total pages of the document
 * @param most pages of a range
 */
export function rangesOf(
  pages: readonly number[] | undefined,
  total: number,
  most: number,
): Range[] {
  const ranges: Range[] = []
  for (const page of pages ?? Array.from({ length: total }, (_, page) => page)) {
    const range = ranges.at(-1)
    const follows = range !== undefined && range.from + range.count === page
    if (follows && range.count < most) range.count++
    else ranges.push({ from: page, count: 1 })
  }
  return ranges
}
