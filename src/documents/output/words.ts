/**
 * The words of a line, and which share of its width each takes. A line was read as a whole, so where
 * its words are is estimated from how wide their letters usually are.
 *
 * @module
 */
import type { Area, Line, Point, Quad } from '../page.ts'

export interface Word {
  text: string
  /** Along the line, 0..1. */
  from: number
  to: number
}

const NARROW = /[iljtfrI1.,:;'’‘|!()[\]\s-]/
const WIDE = /[mwMW@%—…œæŒÆ]/
const widths = new Map<string, number>()

/** In widths of an ordinary small letter. */
function widthOf(letter: string): number {
  const known = widths.get(letter)
  if (known !== undefined) return known
  const isCapital = letter !== letter.toLowerCase()
  const width = NARROW.test(letter) ? 0.55 : WIDE.test(letter) ? 1.5 : isCapital ? 1.25 : 1
  // No more than letters of 16 bits: whoever writes a document chooses which it has.
  if (letter.length === 1) widths.set(letter, width)
  return width
}

/** @returns none for a line of nothing but white space */
export function wordsOf(text: string): Word[] {
  const clean = text.trim()
  const words: Word[] = []
  let [at, total] = [0, 0]
  for (const letter of clean) total += widthOf(letter)
  for (const piece of clean.split(/(\s+)/u)) {
    let width = 0
    for (const letter of piece) width += widthOf(letter)
    if (piece.trim() !== '') {
      words.push({ text: piece, from: at / total, to: (at + width) / total })
    }
    at += width
  }
  return words
}

/** The part of a quad between two shares of its width. */
export function partOf([a, b, c, d]: Quad, from: number, to: number): Quad {
  return [between(a, b, from), between(a, b, to), between(d, c, to), between(d, c, from)]
}

const between = ([x0, y0]: Point, [x1, y1]: Point, share: number): Point => [
  x0 + (x1 - x0) * share,
  y0 + (y1 - y0) * share,
]

/** The upright rectangle around points, in whole pixels. */
export function areaOf(points: readonly Point[]): Area {
  const xs = points.map(([x]) => x)
  const ys = points.map(([, y]) => y)
  return {
    left: Math.floor(Math.min(...xs)),
    top: Math.floor(Math.min(...ys)),
    right: Math.ceil(Math.max(...xs)),
    bottom: Math.ceil(Math.max(...ys)),
  }
}

/** Lines of a block in reading order; those of a table cell by cell. */
export const linesOf = (block: { lines: Line[] } | { rows: Line[][][] }): Line[] =>
  'lines' in block ? block.lines : block.rows.flat(2)
