/**
 * A TIFF as a PDF of the same pages: what is packed in it is packed in the same ways as pictures of a PDF
 * are, so that nothing has to be unpacked here, and one library reads both. A pixel becomes a point.
 *
 * @module
 */
import { MOST_BYTES } from '../faults.ts'
import { createPdfWriter, type PdfWriter, type Ref } from '../pdf/writer.ts'
import { TiffError, type TiffFile } from './file.ts'
import { type TiffPage, tiffPage } from './page.ts'

/** Ways to pack, as TIFF numbers them. */
const PLAIN = 1
const FAX = [2, 3, 4]
const LZW = 5
const JPEG = 7
const DEFLATE = [8, 32946]
const PACK_BITS = 32773
const ROTATE: { readonly [orientation: number]: number } = { 3: 180, 6: 90, 8: 270 }

/** Strips and tiles of all pages: each is an object of the PDF, and lists of more fill a worker. */
const MOST_BLOCKS = 500_000

/** @throws TiffError for what is packed or coloured in a way that scanners do not */
export function pdfOfTiff(file: TiffFile): Uint8Array<ArrayBuffer> {
  const pdf = createPdfWriter()
  const tree = pdf.reserve()
  let [blocks, bytes] = [0, 0]
  const kids = file.pages.map((_, index) => {
    const page = tiffPage(file, index)
    blocks += page.blocks.length
    for (const { length } of page.blocks) bytes += length
    if (blocks > MOST_BLOCKS || bytes > MOST_BYTES) {
      throw new TiffError('Cannot read: the TIFF has more in it than a document may; split it')
    }
    return addPage(pdf, tree, page, file.pages.length === 1 ? 'the page' : `page ${index + 1}`)
  })
  const list = kids.map((kid) => `${kid} 0 R`).join(' ')
  pdf.put(`<< /Type /Pages /Kids [${list}] /Count ${kids.length} >>`, tree)
  return pdf.finish(pdf.put(`<< /Type /Catalog /Pages ${tree} 0 R >>`))
}

function addPage(pdf: PdfWriter, tree: Ref, page: TiffPage, name: string): Ref {
  const fail = (what: string): never => {
    throw new TiffError(`Cannot read ${name}: ${what}`)
  }
  const { width, height, block, blocks, orientation } = page
  if (width < 1 || height < 1 || block.width < 1 || block.height < 1) {
    fail(`it is of ${width}x${height} pixels`)
  }
  if (page.isPlanar) fail('its colours lie in planes: save it with the colours of a pixel together')
  const across = Math.ceil(width / block.width)
  const down = Math.ceil(height / block.height)
  if (blocks.length < across * down) fail('parts of it are missing')
  const colours = coloursOf(pdf, page, fail)
  const names: string[] = []
  let content = ''
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      const i = row * across + column
      // The last strip ends with the page, a tile does not.
      const isStrip = block.width === width
      const rows = isStrip ? Math.min(block.height, height - row * block.height) : block.height
      const picture = pdf.stream(
        `/Type /XObject /Subtype /Image /Width ${block.width} /Height ${rows} ${colours} ` +
          packingOf(page, block.width, rows, fail),
        dataOf(page, blocks[i]!),
      )
      const [x, y] = [column * block.width, height - row * block.height - rows]
      names.push(`/P${i} ${picture} 0 R`)
      content += `q ${block.width} 0 0 ${rows} ${x} ${y} cm /P${i} Do Q\n`
    }
  }
  const stream = pdf.stream('', new TextEncoder().encode(content))
  return pdf.put(
    `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 ${width} ${height}] ` +
      `/Contents ${stream} 0 R /Rotate ${ROTATE[orientation] ?? 0} ` +
      `/Resources << /XObject << ${names.join(' ')} >> >> >>`,
  )
}

type Fail = (what: string) => never

function coloursOf(pdf: PdfWriter, page: TiffPage, fail: Fail): string {
  const { compression, photometric, bits, samples, palette, isLittle } = page
  if (![1, 2, 4, 8, 16].includes(bits)) fail(`${bits} bits a colour are not read: save it with 8`)
  if (bits === 16 && isLittle) fail('16 bits a colour are not read: save it with 8')
  const depth = `/BitsPerComponent ${bits}`
  if (photometric <= 1 && samples === 1) {
    const white = photometric === 0 && !FAX.includes(compression)
    return `${depth} /ColorSpace /DeviceGray${white ? ' /Decode [1 0]' : ''}`
  }
  if (photometric === 3 && samples === 1 && bits <= 8 && palette.length === 3 << bits) {
    const size = 1 << bits
    const hex = Array.from(
      { length: 3 * size },
      (_, i) => (palette[i % 3 * size + Math.floor(i / 3)]! >> 8).toString(16).padStart(2, '0'),
    ).join('')
    return `${depth} /ColorSpace [/Indexed /DeviceRGB ${size - 1} <${hex}>]`
  }
  // A JPEG says itself how its colours are written.
  const isRgb = photometric === 2 || photometric === 6 && compression === JPEG
  if (isRgb && samples === 3) return `${depth} /ColorSpace /DeviceRGB`
  if (photometric === 5 && samples === 4) return `${depth} /ColorSpace /DeviceCMYK`
  if (compression !== JPEG && (isRgb && samples === 4 || photometric === 1 && samples === 2)) {
    // What is said of transparency is dropped.
    const [names, base, range] = samples === 4
      ? ['/R /G /B /A', '/DeviceRGB', '0 1 0 1 0 1']
      : ['/G /A', '/DeviceGray', '0 1']
    const domain = Array(samples).fill('0 1').join(' ')
    const drop = pdf.stream(
      `/FunctionType 4 /Domain [${domain}] /Range [${range}]`,
      new TextEncoder().encode('{ pop }'),
    )
    return `${depth} /ColorSpace [/DeviceN [${names}] ${base} ${drop} 0 R]`
  }
  return fail(
    `its colours (kind ${photometric}, ${samples} of ${bits} bits) are not read: save it in RGB or grey`,
  )
}

function packingOf(page: TiffPage, width: number, rows: number, fail: Fail): string {
  const { compression, photometric, faxOptions, predictor, samples, bits } = page
  if (FAX.includes(compression)) {
    if (bits !== 1 || samples !== 1) fail('it is packed as faxes are, and is none')
    const k = compression === 4 ? -1 : compression === 3 && (faxOptions & 1) !== 0 ? 1 : 0
    // Each row of the oldest way begins with a byte.
    const aligned = compression === 2 ? ' /EncodedByteAlign true' : ''
    return `/Filter /CCITTFaxDecode /DecodeParms << /K ${k} /Columns ${width} /Rows ${rows} ` +
      `/BlackIs1 ${photometric === 1}${aligned} >>`
  }
  const guessed = predictor === 2
    ? ` /DecodeParms << /Predictor 2 /Colors ${samples} /BitsPerComponent ${bits} /Columns ${width} >>`
    : ''
  if (predictor > 2) fail(`its predictor ${predictor} is not read`)
  if (compression === PLAIN) return predictor === 2 ? fail('it is not packed, and guessed') : ''
  if (compression === LZW) return `/Filter /LZWDecode${guessed}`
  if (DEFLATE.includes(compression)) return `/Filter /FlateDecode${guessed}`
  if (compression === PACK_BITS) return '/Filter /RunLengthDecode'
  if (compression === JPEG) return '/Filter /DCTDecode'
  return fail(
    `it is packed in a way (${compression}) that is not read: save it with LZW or group 4`,
  )
}

function dataOf(
  { compression, isReversed, jpegTables: tables }: TiffPage,
  data: Uint8Array,
): Uint8Array {
  if (isReversed && FAX.includes(compression)) return data.map((byte) => REVERSED[byte]!)
  if (compression !== JPEG || tables === undefined || tables.length < 4) return data
  // Between the start of the picture and the rest of it; tables have a start and an end of their own.
  const shared = tables.subarray(2, tables.length - 2)
  const whole = new Uint8Array(data.length + shared.length)
  whole.set(data.subarray(0, 2))
  whole.set(shared, 2)
  whole.set(data.subarray(2), 2 + shared.length)
  return whole
}

const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) => {
  let turned = 0
  for (let bit = 0; bit < 8; bit++) if ((byte & 1 << bit) !== 0) turned |= 0x80 >> bit
  return turned
})
