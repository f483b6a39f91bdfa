/**
 * How long a step of a document may keep its worker here.
 *
 * @module
 */
const SECOND_MS = 1000

export const STEP = {
  openMs: 10 * SECOND_MS, // to count the pages: ordinary documents take less than a second
  pageMs: 5 * SECOND_MS, // to cut out a page: ordinary ones take some milliseconds
  writeMs: 20 * SECOND_MS, // to write what was read, whatever it is
  writePageMs: 60, // and for each page: the PDF of 10,000 pages takes a minute
} as const
