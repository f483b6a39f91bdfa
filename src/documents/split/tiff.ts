/**
 * The pages of a TIFF, and a TIFF of some of them. Its directories are walked and copied, pixels are
 * not touched: what packs them is the business of whoever draws them.
 *
 * @module
 */
import { joined } from '../pdf/writer.ts'

/** Says what is wrong and what to do. */
export class TiffError extends Error {
  override name = 'TiffError'
}

interface Entry {
  tag: number
  type: number
  count: number
  /** As they are in the file. */
  bytes: Uint8Array
}

export interface TiffFile {
  little: boolean
  /** Where the directory of each page begins. */
  pages: number[]
}

/** Of each type, in bytes; types from 1. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]
const [SHORT, LONG] = [3, 4]
const ENTRY_BYTES = 12
const TAG = {
  ...{ kind: 254, width: 256, height: 257, strips: 273, stripBytes: 279 },
  ...{ tiles: 324, tileBytes: 325, subDirectories: 330, resolution: 282, unit: 296 },
}
/** Where they point is not copied: directories of metadata, and JPEG tables of an old kind. */
const LEFT_OUT = [TAG.subDirectories, 34_665, 34_853, 40_965]
/** Bits of `kind`: a smaller picture of another page, and a mask. */
const NO_PAGE = 0b101

const isLittle = (bytes: Uint8Array) => bytes[0] === 0x49

export const isTiff = (bytes: Uint8Array): boolean => {
  const [a, b, c, d] = bytes
  return (a === 0x49 && b === 0x49 && (c === 42 || c === 43) && d === 0) ||
    (a === 0x4d && b === 0x4d && c === 0 && (d === 42 || d === 43))
}

/**
 * @param mostPages looking for more ends there
 * @throws TiffError for a file that cannot be walked
 */
export function openTiff(bytes: Uint8Array, mostPages: number): TiffFile {
  const little = isLittle(bytes)
  const view = viewOf(bytes)
  if (view.getUint16(2, little) === 43) {
    throw new TiffError('Cannot open: this is a BigTIFF; save it as an ordinary TIFF or as PDF')
  }
  const seen = new Set<number>()
  const pages: number[] = []
  try {
    for (let at = view.getUint32(4, little); at !== 0 && pages.length <= mostPages;) {
      if (seen.has(at) || seen.size > 4 * mostPages) {
        throw new TiffError('Cannot open: the pages of the TIFF go round in a circle; save it anew')
      }
      seen.add(at)
      const count = view.getUint16(at, little)
      if (isPage(view, at, count, little)) pages.push(at)
      at = view.getUint32(at + 2 + count * ENTRY_BYTES, little)
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new TiffError('Cannot open: the TIFF is cut short; send the whole file')
  }
  if (pages.length === 0) throw new TiffError('Cannot open: the TIFF has no page')
  return { little, pages }
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

/** @throws TiffError where what a page has is not in the file */
export function tiffPart(
  bytes: Uint8Array,
  { little, pages }: TiffFile,
  from: number,
  count: number,
): Uint8Array<ArrayBuffer> {
  const blocks: Uint8Array[] = [bytes.slice(0, 4), new Uint8Array(4)]
  let at = 8
  /** Where the offset of the next directory goes. */
  let link = viewOf(blocks[1]!)
  const put = (block: Uint8Array) => {
    const start = at
    const even = block.length + block.length % 2
    blocks.push(block)
    if (even > block.length) blocks.push(new Uint8Array(1))
    at += even
    return start
  }
  for (const page of pages.slice(from, from + count)) {
    const entries = entriesOf(bytes, page, little)
    moveData(bytes, entries, little, put)
    const directory = new Uint8Array(2 + entries.length * ENTRY_BYTES + 4)
    const view = viewOf(directory)
    view.setUint16(0, entries.length, little)
    entries.forEach(({ tag, type, count, bytes }, i) => {
      const entry = 2 + i * ENTRY_BYTES
      view.setUint16(entry, tag, little)
      view.setUint16(entry + 2, type, little)
      view.setUint32(entry + 4, count, little)
      if (bytes.length <= 4) directory.set(bytes, entry + 8)
      else view.setUint32(entry + 8, put(bytes), little)
    })
    link.setUint32(0, put(directory), little)
    link = viewOf(directory.subarray(-4))
  }
  return joined(blocks)
}

/** Copies strips and tiles, and points to the copies. */
function moveData(
  bytes: Uint8Array,
  entries: Entry[],
  little: boolean,
  put: (block: Uint8Array) => number,
): void {
  for (const [places, sizes] of [[TAG.strips, TAG.stripBytes], [TAG.tiles, TAG.tileBytes]]) {
    const where = entries.find(({ tag }) => tag === places)
    if (where === undefined) continue
    const lengths = entries.find(({ tag }) => tag === sizes)
    const lengthOf = lengths === undefined ? [] : numbersOf(lengths, little)
    const moved = numbersOf(where, little).map((from, i) => {
      const length = lengthOf[i] ?? bytes.length - from
      return put(sliceOf(bytes, from, length))
    })
    where.type = LONG
    where.bytes = new Uint8Array(moved.length * 4)
    moved.forEach((to, i) => viewOf(where.bytes).setUint32(i * 4, to, little))
  }
}

function entriesOf(bytes: Uint8Array, at: number, little: boolean): Entry[] {
  const view = viewOf(bytes)
  const entries: Entry[] = []
  const total = view.getUint16(at, little)
  for (let i = 0; i < total; i++) {
    const entry = at + 2 + i * ENTRY_BYTES
    const tag = view.getUint16(entry, little)
    const type = view.getUint16(entry + 2, little)
    const count = view.getUint32(entry + 4, little)
    const length = (TYPE_BYTES[type] ?? 0) * count
    if (length === 0 || LEFT_OUT.includes(tag)) continue
    const from = length <= 4 ? entry + 8 : view.getUint32(entry + 8, little)
    entries.push({ tag, type, count, bytes: sliceOf(bytes, from, length) })
  }
  return entries
}

function numbersOf({ type, count, bytes }: Entry, little: boolean): number[] {
  const view = viewOf(bytes)
  if (type !== SHORT && type !== LONG) throw new TiffError('Cannot read: the TIFF is damaged')
  return Array.from(
    { length: count },
    (_, i) => type === SHORT ? view.getUint16(i * 2, little) : view.getUint32(i * 4, little),
  )
}

function sliceOf(bytes: Uint8Array, from: number, length: number): Uint8Array {
  if (from + length > bytes.length) {
    throw new TiffError('Cannot read: a page of the TIFF is cut short; send the whole file')
  }
  return bytes.slice(from, from + length)
}

export interface TiffSize {
  width: number
  height: number
  /** Pixels an inch, where the file says. */
  dpi: number | undefined
}

export function tiffSize(bytes: Uint8Array, { little, pages }: TiffFile, page: number): TiffSize {
  const entries = entriesOf(bytes, pages[page]!, little)
  const numberOf = (tag: number) => {
    const entry = entries.find((one) => one.tag === tag)
    return entry === undefined ? undefined : numbersOf(entry, little)[0]
  }
  const ratio = entries.find(({ tag }) => tag === TAG.resolution)?.bytes
  const view = ratio?.length === 8 ? viewOf(ratio) : undefined
  const density = view && view.getUint32(0, little) / view.getUint32(4, little)
  const inches = numberOf(TAG.unit) === 3 ? 1 / 2.54 : 1
  return {
    width: numberOf(TAG.width) ?? 0,
    height: numberOf(TAG.height) ?? 0,
    dpi: density === undefined ? undefined : density / inches,
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
