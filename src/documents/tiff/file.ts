/**
 * The directories of a TIFF, one for each page: the one place where they are walked. Nothing is unpacked
 * here, and nothing is read that is not there.
 *
 * @module
 */

/** Says what is wrong and what to do. */
export class TiffError extends Error {
  override name = 'TiffError'
}

export interface TiffFile {
  bytes: Uint8Array
  little: boolean
  /** Where the directory of each page begins. */
  pages: number[]
}

export interface Entry {
  type: number
  count: number
  /** As they are in the file. */
  bytes: Uint8Array
}

/** Entries of one page by their tags, in the order of the file. */
export type Directory = Map<number, Entry>

export const TAG = {
  kind: 254,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  bitOrder: 266,
  strips: 273,
  orientation: 274,
  samples: 277,
  stripRows: 278,
  stripBytes: 279,
  resolution: 282,
  planes: 284,
  faxOptions: 292,
  unit: 296,
  predictor: 317,
  palette: 320,
  tileWidth: 322,
  tileHeight: 323,
  tiles: 324,
  tileBytes: 325,
  subDirectories: 330,
  jpegTables: 347,
} as const

/** Of each type, in bytes; types from 1. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]
export const [SHORT, LONG] = [3, 4] as const
export const ENTRY_BYTES = 12
/** Entries of a directory; pages have a few dozen. */
const MOST_ENTRIES = 512
/** Numbers of an entry: strips of a page, one for each row of the tallest. */
const MOST_NUMBERS = 20_000
/** Tags from here on tell of a page what nobody needs for drawing it. */
const FIRST_OTHER_TAG = 400
/** Bits of `kind`: a smaller picture of another page, and a mask. */
const NO_PAGE = 0b101

const CUT_SHORT = 'Cannot open: the TIFF is cut short or damaged; send the whole file'

/**
 * Without masks and smaller pictures of other pages.
 *
 * @param bytes that begin as those of a TIFF
 * @param mostPages looking for more ends there
 * @throws TiffError for a file that cannot be walked
 */
export function openTiff(bytes: Uint8Array, mostPages: number): TiffFile {
  const file: TiffFile = { bytes, little: bytes[0] === 0x49, pages: [] }
  const { little, pages } = file
  const view = viewOf(bytes)
  const seen = new Set<number>()
  try {
    for (let at = view.getUint32(4, little); at !== 0 && pages.length <= mostPages;) {
      if (seen.has(at) || seen.size > 4 * mostPages) {
        throw new TiffError('Cannot open: the pages of the TIFF go round in a circle; save it anew')
      }
      seen.add(at)
      const count = view.getUint16(at, little)
      if (count > MOST_ENTRIES) throw new TiffError(CUT_SHORT)
      if (isPage(view, at, count, little)) pages.push(at)
      at = view.getUint32(at + 2 + count * ENTRY_BYTES, little)
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new TiffError(CUT_SHORT)
  }
  if (pages.length === 0) throw new TiffError('Cannot open: the TIFF has no page')
  return file
}

function isPage(view: DataView, at: number, count: number, little: boolean): boolean {
  for (let i = 0; i < count; i++) {
    const entry = at + 2 + i * ENTRY_BYTES
    if (view.getUint16(entry, little) === TAG.kind) {
      return (view.getUint32(entry + 8, little) & NO_PAGE) === 0
    }
  }
  return true
}

/** @throws TiffError where what is needed of it is not in the file */
export function directoryOf({ bytes, little, pages }: TiffFile, page: number): Directory {
  const view = viewOf(bytes)
  const directory: Directory = new Map()
  const at = pages[page]!
  for (let i = 0; i < view.getUint16(at, little); i++) {
    const entry = at + 2 + i * ENTRY_BYTES
    const tag = view.getUint16(entry, little)
    const type = view.getUint16(entry + 2, little)
    const count = view.getUint32(entry + 4, little)
    const length = (TYPE_BYTES[type] ?? 0) * count
    if (length === 0) continue
    const from = length <= 4 ? entry + 8 : view.getUint32(entry + 8, little)
    if (from + length <= bytes.length) {
      directory.set(tag, { type, count, bytes: bytes.subarray(from, from + length) })
    } else if (tag < FIRST_OTHER_TAG) throw new TiffError(CUT_SHORT)
  }
  return directory
}

/** Numbers of an entry; none where it is absent. @throws TiffError where it has others */
export function numbersOf({ little }: TiffFile, entry: Entry | undefined): number[] {
  if (entry === undefined) return []
  const { type, count, bytes } = entry
  if (type !== SHORT && type !== LONG || count > MOST_NUMBERS) throw new TiffError(CUT_SHORT)
  const view = viewOf(bytes)
  return Array.from(
    { length: count },
    (_, i) => type === SHORT ? view.getUint16(i * 2, little) : view.getUint32(i * 4, little),
  )
}

/** The first number of an entry. */
export const numberOf = (file: TiffFile, entry: Entry | undefined): number | undefined =>
  numbersOf(file, entry)[0]

/** Strips or tiles of a page as they are packed. @throws TiffError where they are not in the file */
export function blocksOf(file: TiffFile, directory: Directory): Uint8Array[] {
  const { bytes } = file
  const isTiled = directory.has(TAG.tiles)
  const places = numbersOf(file, directory.get(isTiled ? TAG.tiles : TAG.strips))
  const lengths = numbersOf(file, directory.get(isTiled ? TAG.tileBytes : TAG.stripBytes))
  return places.map((from, i) => {
    // Some that have one strip do not say how long it is.
    const length = lengths[i] ?? (places.length === 1 ? bytes.length - from : Infinity)
    if (from + length > bytes.length) {
      throw new TiffError('Cannot read: a page of the TIFF is cut short; send the whole file')
    }
    return bytes.subarray(from, from + length)
  })
}

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
