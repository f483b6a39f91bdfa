/**
 * A picture as a PDF of one page, a pixel to a point. A JPEG goes in as it is.
 *
 * @module
 */
import { createPdfWriter } from '../pdf/writer.ts'

/** Pixels, row-major, four bytes each. */
export interface Rgba {
  width: number
  height: number
  data: Uint8Array | Uint8ClampedArray
}

/** What is known of a picture without its pixels, and how it is decoded and packed. */
export interface Pictures {
  /** As stored, with its orientation as EXIF has it; nothing where it is broken. */
  head(bytes: Uint8Array): { width: number; height: number; orientation?: number } | undefined
  /** Upright. @throws Error with what is wrong */
  decode(type: PictureType, bytes: Uint8Array): Promise<Rgba>
  encodeJpeg(picture: Rgba, quality: number): Promise<Uint8Array>
}

export type PictureType = 'image/jpeg' | 'image/png' | 'image/webp'

/** Orientations that a PDF can turn a page to; the others are mirrored. */
const TURNS: { readonly [orientation: number]: number } = { 1: 0, 3: 180, 6: 90, 8: 270 }
/** Of a WebP, which a PDF cannot hold as it is; most of them lost detail already. */
const QUALITY = 90

/** @throws Error for what is no whole picture, saying so */
export async function pdfOfPicture(
  type: PictureType,
  bytes: Uint8Array,
  pictures: Pictures,
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = createPdfWriter()
  const head = pictures.head(bytes)
  if (head === undefined) throw new Error('Cannot read the picture: its header is damaged')
  const turn = TURNS[head.orientation ?? 1]
  const colours = type === 'image/jpeg' && turn !== undefined ? jpegColours(bytes) : undefined
  let { width, height } = head
  const entries = () =>
    `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /BitsPerComponent 8`
  let image: number
  if (colours !== undefined) {
    // A file is read in place, and may be shared between threads.
    image = writer.stream(`${entries()} ${colours} /Filter /DCTDecode`, bytes.slice())
  } else {
    const picture = onWhite(await pictures.decode(type, bytes))
    ;({ width, height } = picture)
    if (type === 'image/png') {
      const rgb = picture.data.filter((_, i) => i % 4 !== 3) as Uint8Array
      image = await writer.deflated(`${entries()} /ColorSpace /DeviceRGB`, rgb)
    } else {
      const jpeg = await pictures.encodeJpeg(picture, QUALITY)
      image = writer.stream(`${entries()} /ColorSpace /DeviceRGB /Filter /DCTDecode`, jpeg)
    }
  }
  const drawn = new TextEncoder().encode(`q ${width} 0 0 ${height} 0 0 cm /P Do Q`)
  const [tree, content] = [writer.reserve(), writer.stream('', drawn)]
  const page = writer.put(
    `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 ${width} ${height}] ` +
      `/Rotate ${colours === undefined ? 0 : turn} /Contents ${content} 0 R ` +
      `/Resources << /XObject << /P ${image} 0 R >> >> >>`,
  )
  writer.put(`<< /Type /Pages /Kids [${page} 0 R] /Count 1 >>`, tree)
  return writer.finish(writer.put(`<< /Type /Catalog /Pages ${tree} 0 R >>`))
}

function onWhite({ width, height, data }: Rgba): Rgba {
  const out = new Uint8Array(data)
  for (let at = 3; at < out.length; at += 4) {
    const alpha = out[at]!
    if (alpha === 255) continue
    for (let c = at - 3; c < at; c++) out[c] = 255 - Math.round((255 - out[c]!) * alpha / 255)
    out[at] = 255
  }
  return { width, height, data: out }
}

const [FRAMES, APP14, SCAN, ADOBE] = [[0xc0, 0xc1, 0xc2], 0xee, 0xda, 'Adobe']

/** Its colour space; nothing where it says none that a PDF has. */
function jpegColours(bytes: Uint8Array): string | undefined {
  let isAdobe = false
  let count: number | undefined
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!
    if (marker === SCAN) break
    if (FRAMES.includes(marker)) count ??= bytes[at + 9]
    if (marker === APP14) {
      isAdobe ||= String.fromCharCode(...bytes.subarray(at + 4, at + 9)) === ADOBE
    }
    // Bytes that fill up before a marker.
    if (marker === 0xff) at++
    else at += 2 + (bytes[at + 2]! << 8 | bytes[at + 3]!)
  }
  if (count === 1) return '/ColorSpace /DeviceGray'
  if (count === 3) return '/ColorSpace /DeviceRGB'
  // Adobe's programs write how much ink is missing.
  if (count === 4) return `/ColorSpace /DeviceCMYK${isAdobe ? ' /Decode [1 0 1 0 1 0 1 0]' : ''}`
  return undefined
}
