/**
 * A font without letters: text in it is not to be seen, but is selected, searched and copied. Each code
 * is a letter's number in Unicode and each letter is the same box, so one font of a few hundred bytes
 * has every letter there is. Without the box viewers would mark what they find with a line.
 *
 * @module
 */
import { joined, type PdfWriter, type Ref } from './writer.ts'

/** Of an em, which has a thousand. */
const ADVANCE = 500
/** A glyph's width, in heights of the font. */
export const GLYPH_WIDTH: number = ADVANCE / 1000
const [ASCENT, DESCENT] = [800, -200]
/** How far the base of letters is above the lower edge of a line, in heights of the font. */
export const BASE: number = -DESCENT / 1000
/**
 * Codes that are nobody's letter (halves of pairs in UTF-16); letters beyond 16 bits take them, in
 * the order in which they come.
 */
const [FIRST_SPARE, LAST_SPARE] = [0xd800, 0xdfff]
/** Most entries of one `bfchar`. */
const CHARS_A_BLOCK = 100

/** Gives letters their codes: those of one font. */
export interface Codes {
  /** Of a text, as the operand of `Tj`. */
  of(text: string): string
  /** Codes of letters beyond 16 bits. */
  beyond: ReadonlyMap<number, number>
}

export function createCodes(): Codes {
  const beyond = new Map<number, number>()
  const codeOf = (letter: number): number => {
    if (letter <= 0xffff) {
      return letter >= FIRST_SPARE && letter <= LAST_SPARE ? 0xfffd : letter
    }
    const known = beyond.get(letter)
    if (known !== undefined) return known
    const code = FIRST_SPARE + beyond.size
    if (code > LAST_SPARE) return 0xfffd
    beyond.set(letter, code)
    return code
  }
  return {
    of: (text) => `<${Array.from(text, (letter) => hex(codeOf(letter.codePointAt(0)!))).join('')}>`,
    beyond,
  }
}

const hex = (code: number): string => code.toString(16).padStart(4, '0')

/** @returns the font's dictionary, for the resources of pages whose texts have these codes */
export async function writeFont(
  writer: PdfWriter,
  { beyond }: Codes,
  ref: Ref = writer.reserve(),
): Promise<Ref> {
  const file = trueType()
  const program = await writer.deflated(`/Length1 ${file.length}`, file)
  const descriptor = writer.put(
    `<< /Type /FontDescriptor /FontName /Glyphless /Flags 5 /FontBBox [0 ${DESCENT} ${ADVANCE} ` +
      `${ASCENT}] /ItalicAngle 0 /Ascent ${ASCENT} /Descent ${DESCENT} /CapHeight ${ASCENT} ` +
      `/StemV 80 /FontFile2 ${program} 0 R >>`,
  )
  // Each code is the one glyph that there is besides that of letters which a font has not.
  const ones = new Uint8Array(2 * 2 ** 16).map((_, i) => i % 2)
  const glyphs = await writer.deflated('', ones)
  const descendant = writer.put(
    '<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Glyphless ' +
      `/CIDToGIDMap ${glyphs} 0 R ` +
      `/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> ` +
      `/FontDescriptor ${descriptor} 0 R /DW ${ADVANCE} >>`,
  )
  const letters = await writer.deflated('', new TextEncoder().encode(lettersOf(beyond)))
  return writer.put(
    '<< /Type /Font /Subtype /Type0 /BaseFont /Glyphless /Encoding /Identity-H ' +
      `/DescendantFonts [${descendant} 0 R] /ToUnicode ${letters} 0 R >>`,
    ref,
  )
}

/** `ToUnicode`: each code is its letter, but for those of letters beyond 16 bits. */
function lettersOf(beyond: ReadonlyMap<number, number>): string {
  const pairs = [...beyond].map(([letter, code]) => {
    const units = String.fromCodePoint(letter)
    return `<${hex(code)}> <${hex(units.charCodeAt(0))}${hex(units.charCodeAt(1))}>`
  })
  const chars: string[] = []
  for (let i = 0; i < pairs.length; i += CHARS_A_BLOCK) {
    const block = pairs.slice(i, i + CHARS_A_BLOCK)
    chars.push(`${block.length} beginbfchar\n${block.join('\n')}\nendbfchar`)
  }
  return [
    ...['/CIDInit /ProcSet findresource begin', '12 dict begin', 'begincmap'],
    '/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def',
    ...['/CMapName /Letters def', '/CMapType 2 def'],
    ...['1 begincodespacerange', '<0000> <ffff>', 'endcodespacerange'],
    ...['2 beginbfrange', '<0000> <d7ff> <0000>', '<e000> <ffff> <e000>', 'endbfrange'],
    ...chars,
    ...['endcmap', 'CMapName currentdict /CMap defineresource pop', 'end', 'end'],
  ].join('\n')
}

const u16 = (...values: number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value >> 8 & 0xff, value & 0xff]))
const u32 = (...values: number[]): Uint8Array =>
  u16(...values.flatMap((value) => [value >>> 16, value & 0xffff]))

const VERSION_1 = 0x10000
/** What makes the sum over a whole font file come out, by its specification. */
const SUM = 0xb1b0afba
const MAGIC = 0x5f0f3cf5

/** Two glyphs, both a box as high as a line: the first is that of letters which the font has not. */
function trueType(): Uint8Array {
  const height = ASCENT - DESCENT
  const box = joined([
    u16(1, 0, DESCENT, ADVANCE, ASCENT, 3, 0),
    // All four points are on the curve, with steps of two bytes: first all in x, then all in y.
    Uint8Array.of(1, 1, 1, 1),
    u16(0, 0, ADVANCE, 0, DESCENT, height, 0, -height),
  ])
  const head = joined([
    u32(VERSION_1, VERSION_1, 0, MAGIC),
    u16(3, 1000),
    u32(0, 0, 0, 0),
    u16(0, DESCENT, ADVANCE, ASCENT, 0, 8, 2, 0, 0),
  ])
  const hhea = joined([
    u32(VERSION_1),
    u16(ASCENT, DESCENT, 0, ADVANCE, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1),
  ])
  const tables: [name: string, bytes: Uint8Array][] = [
    ['glyf', joined([box, box])],
    ['head', head],
    ['hhea', hhea],
    ['hmtx', u16(ADVANCE, 0, 0)],
    ['loca', u16(0, box.length / 2, box.length)],
    ['maxp', joined([u32(VERSION_1), u16(2, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)])],
    // Version 3: glyphs have no names.
    ['post', u32(3 * VERSION_1, 0, 0, 1, 0, 0, 0, 0)],
  ]
  // Of seven tables: their search takes 4 as the power of two below.
  const start = joined([u32(VERSION_1), u16(tables.length, 64, 2, tables.length * 16 - 64)])
  let at = start.length + tables.length * 16
  const rows: Uint8Array[] = []
  const bodies: Uint8Array[] = []
  for (const [name, bytes] of tables) {
    const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
    padded.set(bytes)
    rows.push(new TextEncoder().encode(name), u32(sumOf(padded), at, bytes.length))
    bodies.push(padded)
    at += padded.length
  }
  const file = joined([start, ...rows, ...bodies])
  const headAt = start.length + tables.length * 16 + 4
  new DataView(file.buffer).setUint32(headAt + 8, SUM - sumOf(file) >>> 0)
  return file
}

function sumOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let sum = 0
  for (let at = 0; at < bytes.length; at += 4) sum = sum + view.getUint32(at) >>> 0
  return sum
}
