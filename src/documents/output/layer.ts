/**
 * The invisible layer of a page: its lines as text that is laid over the picture of them. One unit is
 * a pixel of the page, x to the right and y up.
 *
 * @module
 */
import type { Line, Page, Point, Quad } from '../page.ts'
import { BASE, type Codes, GLYPH_WIDTH } from '../pdf/glyphless_font.ts'
import { num } from '../pdf/writer.ts'
import { linesOf, wordsOf } from './words.ts'

/** The font's name in resources: no other has it. */
export const FONT = 'ReadLayer'
/** Text is neither filled nor stroked. */
const INVISIBLE = 3
/** Names of control characters are of no use in a file, and some programs trip over them. */
// deno-lint-ignore no-control-regex
export const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g

/** @returns the content of a page whose resources have the font */
export function layerOf(page: Page, codes: Codes): string {
  const lines = page.blocks.flatMap(linesOf)
  const texts = lines.map((line) => textOf(line, page.height, codes)).filter(Boolean)
  return texts.length === 0 ? '' : `q BT ${INVISIBLE} Tr\n${texts.join('\n')}\nET Q\n`
}

/**
 * As high as its quad and turned with it; each word is stretched to where it is, and the space behind
 * it to where the next begins.
 */
function textOf({ text, box }: Line, height: number, codes: Codes): string {
  const words = wordsOf(text.replace(CONTROL, ' '))
  const { along, up, length, size } = frameOf(box)
  if (words.length === 0 || !(length > 0) || !(size > 0)) return ''
  const shown = words.map(({ text, from, to }, i) => {
    const space = (words[i + 1]?.from ?? to) - to
    const [x, y] = startOf(from, to)
    const written = `${[...along, ...up].map(precise).join(' ')} ${num(x)} ${num(height - y)} Tm ` +
      `${stretch(text, to - from)} Tz ${codes.of(text)} Tj`
    return space > 0 ? `${written} ${stretch(' ', space)} Tz ${codes.of(' ')} Tj` : written
  })
  return `/${FONT} ${num(size)} Tf ${shown.join('\n')}`

  /** In hundredths of the width that these letters have by themselves. */
  function stretch(letters: string, share: number): string {
    return num(100 * share * length / ([...letters].length * GLYPH_WIDTH * size))
  }

  /** Half a word's length back from the middle of its lower edge, and up to the base of its letters. */
  function startOf(from: number, to: number): Point {
    const [, , c, d] = box
    const middle = (from + to) / 2
    const back = length * (to - from) / 2
    const raise = size * BASE
    return [
      d[0] + (c[0] - d[0]) * middle - along[0] * back + up[0] * raise,
      d[1] + (c[1] - d[1]) * middle + along[1] * back - up[1] * raise,
    ]
  }
}

const precise = (value: number): string => String(Math.round(value * 1e6) / 1e6)

const QUARTER = Math.PI / 2
/**
 * Lines that are turned by less than this lie straight on a page that was laid on the scanner askew.
 * Their words are written straight, each at its own height: programs take letters of one word for
 * several words where their bases differ by half a point.
 */
const ASKEW = Math.PI / 18

/** Where a line runs and where its letters stand up to, y up, and its sizes. */
function frameOf([a, b, c, d]: Quad) {
  // Along its middle: quads need not have right angles.
  const [dx, dy] = [(b[0] - a[0] + c[0] - d[0]) / 2, (b[1] - a[1] + c[1] - d[1]) / 2]
  const angle = Math.atan2(-dy, dx)
  const straight = Math.round(angle / QUARTER) * QUARTER
  const turned = Math.abs(angle - straight) < ASKEW ? straight : angle
  const along: Point = [Math.cos(turned), Math.sin(turned)]
  const up: Point = [-along[1], along[0]]
  const size = (Math.hypot(d[0] - a[0], d[1] - a[1]) + Math.hypot(c[0] - b[0], c[1] - b[1])) / 2
  return { along, up, length: Math.hypot(dx, dy), size }
}
