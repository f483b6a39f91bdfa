/**
 * Pages of a TIFF, as its directories tell of them. Nothing is unpacked here, and nothing is read that
 * is not there.
 *
 * @module
 */
import { DocumentError } from './document_error.ts'

/** What is known of one page; lists in the file's order. */
export interface TiffPage {
  width: number
  height: number
  compression: number
  /** 0 white is zero, 1 black is zero, 2 RGB, 3 by a palette, 5 CMYK, 6 YCbCr. */
  photometric: number
  bits: number
  samples: number
  predictor: number
  /** Bits of a byte come lowest first. */
  reversed: boolean
  /** Of CCITT's group 3. */
  options: number
  /** As EXIF has it, 1 to 8. */
  orientation: number
  littleEndian: boolean
  /** Each sample in a plane of its own. */
  planar: boolean
  /** Strips, or tiles row by row. */
  block: { width: number; height: number }
  offsets: number[]
  counts: number[]
  palette: number[]
  /** What JPEGs of a page share. */
  tables: Uint8Array | undefined
}

/** Entries of a directory; pages have a few dozen. */
const MOST_ENTRIES = 512
/** Strips of a page: one for each row of the tallest. */
const MOST_BLOCKS = 20_000
const BYTES = 1
const SHORT = 3
const LONG = 4
const UNDEFINED = 7
const SIZES: { readonly [type: number]: number } = {
  [BYTES]: 1,
  [SHORT]: 2,
  [LONG]: 4,
  [UNDEFINED]: 1,
}
/** A smaller picture of another page, which nobody wants to have read. */
const REDUCED = 1

const damaged = () =>
  new DocumentError(
    'invalid_input',
    'Cannot open the TIFF: it is cut short or damaged: send it whole',
  )

/** @throws DocumentError, `too_large` where there are more pages than `most` */
export function tiffPages(bytes: Uint8Array, most: number): TiffPage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const littleEndian = bytes[0] === 0x49
  const u16 = (at: number) => view.getUint16(at, littleEndian)
  const u32 = (at: number) => view.getUint32(at, littleEndian)
  const pages: TiffPage[] = []
  const seen = new Set<number>()
  try {
    for (let at = u32(4); at !== 0; at = u32(at + 2 + 12 * u16(at))) {
      // A chain that leads back would have no end.
      if (seen.has(at) || u16(at) > MOST_ENTRIES) throw damaged()
      seen.add(at)
      const page = pageAt(at)
      if (page !== undefined) pages.push(page)
      if (pages.length > most) {
        throw new DocumentError('too_large', `Cannot take a TIFF of more than ${most} pages`)
      }
    }
  } catch (error) {
    if (error instanceof RangeError) throw damaged()
    throw error
  }
  if (pages.length === 0) throw damaged()
  return pages

  function pageAt(start: number): TiffPage | undefined {
    const fields = new Map<number, number[]>()
    let tables: Uint8Array | undefined
    for (let i = 0; i < u16(start); i++) {
      const at = start + 2 + 12 * i
      const [tag, type, count] = [u16(at), u16(at + 2), u32(at + 4)]
      const size = SIZES[type]
      if (size === undefined) continue
      const from = size * count <= 4 ? at + 8 : u32(at + 8)
      if (from + size * count > bytes.length) {
        // What is not needed may be missing.
        if (tag < 400) throw damaged()
        continue
      }
      if (tag === 347) tables = bytes.subarray(from, from + count)
      if (count > MOST_BLOCKS || size === 1 && tag !== 254) continue
      const values = Array.from(
        { length: count },
        (_, n) =>
          size === 2 ? u16(from + 2 * n) : size === 4 ? u32(from + 4 * n) : bytes[from + n]!,
      )
      fields.set(tag, values)
    }
    const one = (tag: number, otherwise: number) => fields.get(tag)?.[0] ?? otherwise
    if ((one(254, 0) & REDUCED) !== 0) return undefined
    const [width, height] = [one(256, 0), one(257, 0)]
    const tiled = fields.has(324)
    const offsets = fields.get(tiled ? 324 : 273) ?? []
    const rows = Math.min(height, one(278, height))
    return {
      ...{ width, height, tables, offsets, littleEndian },
      counts: fields.get(tiled ? 325 : 279) ??
        (offsets.length === 1 ? [bytes.length - offsets[0]!] : []),
      compression: one(259, 1),
      photometric: one(262, 0),
      bits: one(258, 1),
      samples: one(277, 1),
      predictor: one(317, 1),
      reversed: one(266, 1) === 2,
      options: one(292, 0),
      orientation: one(274, 1),
      planar: one(284, 1) === 2 && one(277, 1) > 1,
      block: tiled ? { width: one(322, width), height: one(323, height) } : { width, height: rows },
      palette: fields.get(320) ?? [],
    }
  }
}
