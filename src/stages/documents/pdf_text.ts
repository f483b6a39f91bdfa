/**
 * Lines of text that a page of a PDF carries, where they are seen.
 *
 * @module
 */
import type { Line, Point } from '../../documents/page.ts'
import type { Pdfium } from '../../documents/pdf/pdfium.ts'
import { DocumentError } from './document_error.ts'
import type { PdfPage } from './pdf.ts'

export interface CarriedText {
  lines: Line[]
  /** Characters, and how many of them stand for none that is known. */
  characters: number
  unknown: number
  /** Share of the page that the lines cover. */
  share: number
}

/** A page with more characters is no text for readers. */
const MOST_CHARACTERS = 100_000
/** Gap between two characters, in heights of the line, from which on they are two lines. */
const MOST_GAP = 1.5
/** Radians between the directions of two characters of a line, at most. */
const MOST_TURN = 0.2
/** A hyphen at a line's end, as PDFium marks one that is gone where the words are joined. */
const HYPHENS = [0x02, 0xfffe]
const NO_TEXT: CarriedText = { lines: [], characters: 0, unknown: 0, share: 0 }

/** A character as it is seen, in pixels. */
interface Glyph {
  code: number
  corners: Point[]
  direction: number
}

/** @param size of the page in pixels, in which the lines' boxes are */
export function textOf(
  pdfium: Pdfium,
  page: PdfPage,
  size: { width: number; height: number },
): CarriedText {
  const text = pdfium.call('FPDFText_LoadPage', page.handle)
  if (text === 0) return NO_TEXT
  const out = pdfium.malloc(24)
  try {
    const count = pdfium.call('FPDFText_CountChars', text)
    if (count > MOST_CHARACTERS) {
      throw new DocumentError(
        'too_large',
        `Cannot read the text of a page: it has ${count} characters, over ${MOST_CHARACTERS}`,
      )
    }
    return linesOf(count, readerOf(pdfium, text, out, page, size), size)
  } finally {
    pdfium.free(out)
    pdfium.call('FPDFText_ClosePage', text)
  }
}

type Reader = (index: number) => Glyph | { code: number; corners?: undefined }

function readerOf(
  pdfium: Pdfium,
  text: number,
  out: number,
  { placing }: PdfPage,
  size: { width: number; height: number },
): Reader {
  const seen = (x: number, y: number): Point => {
    const [across, down] = placing(x, y)
    return [across * size.width, down * size.height]
  }
  return (index) => {
    const code = pdfium.call('FPDFText_GetUnicode', text, index) >>> 0
    // Spaces and ends of lines that PDFium puts in stand nowhere.
    if (pdfium.call('FPDFText_IsGenerated', text, index) === 1) return { code }
    if (pdfium.call('FPDFText_GetLooseCharBox', text, index, out) === 0) return { code }
    const floats = new DataView(pdfium.memory.buffer, out, 24)
    const [left, top, right, bottom] = [0, 4, 8, 12].map((at) => floats.getFloat32(at, true))
    const corners = [
      ...[seen(left!, top!), seen(right!, top!), seen(right!, bottom!), seen(left!, bottom!)],
    ]
    pdfium.call('FPDFText_GetMatrix', text, index, out)
    const matrix = new DataView(pdfium.memory.buffer, out, 24)
    const [from, to] = [seen(0, 0), seen(matrix.getFloat32(0, true), matrix.getFloat32(4, true))]
    return { code, corners, direction: Math.atan2(to[1] - from[1], to[0] - from[0]) }
  }
}

function linesOf(
  count: number,
  read: Reader,
  size: { width: number; height: number },
): CarriedText {
  const lines: Line[] = []
  let [characters, unknown, area] = [0, 0, 0]
  let run = new Run()
  const end = () => {
    const line = run.line(size)
    run = new Run()
    if (line === undefined) return
    lines.push(line)
    const [a, b, c] = line.box
    area += Math.hypot(b[0] - a[0], b[1] - a[1]) * Math.hypot(c[0] - b[0], c[1] - b[1])
  }
  for (let i = 0; i < count; i++) {
    const glyph = read(i)
    const { code } = glyph
    if (code === 0x0a || code === 0x0d) {
      end()
      continue
    }
    const char = textOfCode(code)
    if (glyph.corners === undefined) {
      run.text += char
      continue
    }
    if (char.trim() !== '') characters++
    if (isUnknown(code)) unknown++
    if (char === '') continue
    if (!run.takes(glyph)) end()
    run.add(glyph, char)
  }
  end()
  return { lines, characters, unknown, share: area / (size.width * size.height) }
}

/** Characters that stand in one line, in a frame along its direction. */
class Run {
  text = ''
  private direction = 0
  private from = Infinity
  private to = -Infinity
  private top = Infinity
  private bottom = -Infinity

  private spanOf({ corners }: Glyph) {
    const [cos, sin] = [Math.cos(this.direction), Math.sin(this.direction)]
    const along = corners.map(([x, y]) => x * cos + y * sin)
    const across = corners.map(([x, y]) => y * cos - x * sin)
    return {
      from: Math.min(...along),
      to: Math.max(...along),
      top: Math.min(...across),
      bottom: Math.max(...across),
    }
  }

  takes(glyph: Glyph): boolean {
    if (this.to === -Infinity) return true
    const turn = Math.abs(glyph.direction - this.direction)
    if (Math.min(turn, 2 * Math.PI - turn) > MOST_TURN) return false
    const { from, to, top, bottom } = this.spanOf(glyph)
    const height = this.bottom - this.top
    const middle = (top + bottom) / 2
    return from - this.to <= MOST_GAP * height && this.from - to <= MOST_GAP * height &&
      middle > this.top && middle < this.bottom
  }

  add(glyph: Glyph, char: string): void {
    if (this.to === -Infinity) this.direction = glyph.direction
    this.text += char
    // A space may be as wide as the page.
    if (char.trim() === '') return
    const { from, to, top, bottom } = this.spanOf(glyph)
    this.from = Math.min(this.from, from)
    this.to = Math.max(this.to, to)
    this.top = Math.min(this.top, top)
    this.bottom = Math.max(this.bottom, bottom)
  }

  /** Undefined for an empty line, and for one outside the page. */
  line({ width, height }: { width: number; height: number }): Line | undefined {
    const text = this.text.replace(/\s+/g, ' ').trim()
    if (text === '' || !(this.to > this.from)) return undefined
    const [cos, sin] = [Math.cos(this.direction), Math.sin(this.direction)]
    const at = (along: number, across: number): Point => [
      Math.round((along * cos - across * sin) * 10) / 10,
      Math.round((along * sin + across * cos) * 10) / 10,
    ]
    const [x, y] = at((this.from + this.to) / 2, (this.top + this.bottom) / 2)
    if (!(x >= 0 && y >= 0 && x <= width && y <= height)) return undefined
    return {
      text,
      confidence: 1,
      box: [
        ...[at(this.from, this.top), at(this.to, this.top)] as const,
        ...[at(this.to, this.bottom), at(this.from, this.bottom)] as const,
      ],
    }
  }
}

/** What fonts without a table of Unicode give: nothing, a mark for it, places of private use. */
const isUnknown = (code: number): boolean =>
  code === 0 || code === 0xfffd || (code >= 0xe000 && code <= 0xf8ff)

function textOfCode(code: number): string {
  if (HYPHENS.includes(code)) return '-'
  if (code === 0x09) return ' '
  if (code < 0x20 || code === 0x7f || code > 0x10ffff) return ''
  // PDFium gives each half of a surrogate pair as a code.
  return code > 0xffff ? String.fromCodePoint(code) : String.fromCharCode(code)
}
