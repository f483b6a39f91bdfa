/**
 * What a page of a TIFF is, as its directory tells.
 *
 * @module
 */
import { blocksOf, directoryOf, type Entry, numberOf, numbersOf, TAG } from './file.ts'
import { type TiffFile, viewOf } from './file.ts'

export interface TiffPage {
  width: number
  height: number
  /** Pixels an inch, where the file says. */
  dpi: number | undefined
  compression: number
  /** 0 white is zero, 1 black is zero, 2 RGB, 3 by a palette, 5 CMYK, 6 YCbCr. */
  photometric: number
  bits: number
  samples: number
  predictor: number
  /** Bits of a byte come lowest first. */
  isReversed: boolean
  /** Of CCITT's group 3. */
  faxOptions: number
  /** As EXIF has it, 1 to 8. */
  orientation: number
  isLittle: boolean
  /** Each sample in a plane of its own. */
  isPlanar: boolean
  /** Of a strip, or of a tile; tiles row by row. */
  block: { width: number; height: number }
  blocks: Uint8Array[]
  palette: number[]
  /** What JPEGs of a page share. */
  jpegTables: Uint8Array | undefined
}

/** @throws TiffError where what the page has is not in the file */
export function tiffPage(file: TiffFile, index: number): TiffPage {
  const directory = directoryOf(file, index)
  const one = (tag: number, otherwise: number) => numberOf(file, directory.get(tag)) ?? otherwise
  const [width, height] = [one(TAG.width, 0), one(TAG.height, 0)]
  const [samples, bits] = [one(TAG.samples, 1), one(TAG.bits, 1)]
  const photometric = one(TAG.photometric, 0)
  return {
    width,
    height,
    samples,
    bits,
    photometric,
    isLittle: file.little,
    dpi: dpiOf(file, directory.get(TAG.resolution), one(TAG.unit, INCH)),
    compression: one(TAG.compression, 1),
    predictor: one(TAG.predictor, 1),
    isReversed: one(TAG.bitOrder, 1) === 2,
    faxOptions: one(TAG.faxOptions, 0),
    orientation: one(TAG.orientation, 1),
    isPlanar: one(TAG.planes, 1) === 2 && samples > 1,
    block: directory.has(TAG.tiles)
      ? { width: one(TAG.tileWidth, width), height: one(TAG.tileHeight, height) }
      : { width, height: Math.min(height, one(TAG.stripRows, height)) },
    blocks: blocksOf(file, directory),
    palette: photometric === 3 && bits <= 8 ? numbersOf(file, directory.get(TAG.palette)) : [],
    jpegTables: directory.get(TAG.jpegTables)?.bytes,
  }
}

const [INCH, CENTIMETRE] = [2, 3]
const CENTIMETRES_AN_INCH = 2.54

function dpiOf({ little }: TiffFile, ratio: Entry | undefined, unit: number): number | undefined {
  if (ratio?.bytes.length !== 8) return undefined
  const view = viewOf(ratio.bytes)
  const density = view.getUint32(0, little) / view.getUint32(4, little)
  return unit === CENTIMETRE ? density * CENTIMETRES_AN_INCH : density
}
