/**
 * A TIFF as a PDF of the same pages: what is packed in it is packed in the same ways as pictures of a PDF
 * are, so that nothing has to be unpacked here, and one library reads both. A pixel becomes a point.
 *
 * @module
 */
import { DocumentError } from './document_error.ts'
import type { TiffPage } from './tiff_head.ts'

/** Ways to pack, as TIFF numbers them. */
const PLAIN = 1
const FAX = [2, 3, 4]
const LZW = 5
const JPEG = 7
const DEFLATE = [8, 32946]
const PACK_BITS = 32773
const ROTATE: { readonly [orientation: number]: number } = { 3: 180, 6: 90, 8: 270 }

/** @throws DocumentError for what is packed or coloured in a way that scanners do not */
export function pdfOfTiff(bytes: Uint8Array, pages: readonly TiffPage[]): Uint8Array {
  const pdf = new Writer()
  const kids = pages.map((page, index) => addPage(pdf, bytes, page, index))
  return pdf.end(kids)
}

function addPage(pdf: Writer, bytes: Uint8Array, page: TiffPage, index: number): number {
  const fail = (what: string): never => {
    throw new DocumentError('invalid_input', `Cannot read page ${index + 1} of the TIFF: ${what}`)
  }
  const { width, height, block, offsets, counts, orientation } = page
  if (width < 1 || height < 1 || block.width < 1 || block.height < 1) {
    fail(`it is of ${width}x${height} pixels`)
  }
  if (page.planar) fail('its colours lie in planes: save it with the colours of a pixel together')
  const across = Math.ceil(width / block.width)
  const down = Math.ceil(height / block.height)
  if (offsets.length < across * down || counts.length < across * down) {
    fail('parts of it are missing')
  }
  const colours = coloursOf(pdf, page, fail)
  const names: string[] = []
  let content = ''
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      const i = row * across + column
      const from = offsets[i]!
      const data = bytes.subarray(from, from + counts[i]!)
      if (data.length < counts[i]!) fail('it is cut short')
      // The last strip ends with the page, a tile does not.
      const isStrip = block.width === width
      const rows = isStrip ? Math.min(block.height, height - row * block.height) : block.height
      const picture = pdf.add(
        `/Type /XObject /Subtype /Image /Width ${block.width} /Height ${rows} ${colours} ` +
          packingOf(page, block.width, rows, fail),
        dataOf(page, data),
      )
      const [x, y] = [column * block.width, height - row * block.height - rows]
      names.push(`/P${i} ${picture} 0 R`)
      content += `q ${block.width} 0 0 ${rows} ${x} ${y} cm /P${i} Do Q\n`
    }
  }
  const stream = pdf.add('', new TextEncoder().encode(content))
  return pdf.add(
    `/Type /Page /Parent 1 0 R /MediaBox [0 0 ${width} ${height}] /Contents ${stream} 0 R ` +
      `/Rotate ${ROTATE[orientation] ?? 0} /Resources << /XObject << ${names.join(' ')} >> >>`,
  )
}

type Fail = (what: string) => never

function coloursOf(pdf: Writer, page: TiffPage, fail: Fail): string {
  const { compression, photometric, bits, samples, palette, littleEndian } = page
  if (![1, 2, 4, 8, 16].includes(bits)) fail(`${bits} bits a colour are not read: save it with 8`)
  if (bits === 16 && littleEndian) fail('16 bits a colour are not read: save it with 8')
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
    const drop = pdf.add(
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
  const { compression, photometric, options, predictor, samples, bits } = page
  if (FAX.includes(compression)) {
    if (bits !== 1 || samples !== 1) fail('it is packed as faxes are, and is none')
    const k = compression === 4 ? -1 : compression === 3 && (options & 1) !== 0 ? 1 : 0
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

function dataOf({ compression, reversed, tables }: TiffPage, data: Uint8Array): Uint8Array {
  if (reversed && FAX.includes(compression)) return data.map((byte) => REVERSED[byte]!)
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

/** Object 1 is the tree of pages, 2 the catalogue. */
class Writer {
  private readonly parts: Uint8Array[] = [new TextEncoder().encode('%PDF-1.7\n')]
  private size = this.parts[0]!.length
  private readonly starts: number[] = [0, 0]

  private put(text: string, stream?: Uint8Array): void {
    const head = new TextEncoder().encode(text)
    for (const part of stream === undefined ? [head] : [head, stream]) {
      this.parts.push(part)
      this.size += part.length
    }
  }

  private write(number: number, entries: string, stream?: Uint8Array): void {
    this.starts[number - 1] = this.size
    if (stream === undefined) return this.put(`${number} 0 obj\n<< ${entries} >>\nendobj\n`)
    this.put(`${number} 0 obj\n<< ${entries} /Length ${stream.length} >>\nstream\n`, stream)
    this.put('\nendstream\nendobj\n')
  }

  /** @returns its number */
  add(entries: string, stream?: Uint8Array): number {
    const number = this.starts.push(0)
    this.write(number, entries, stream)
    return number
  }

  end(kids: readonly number[]): Uint8Array {
    const list = kids.map((kid) => `${kid} 0 R`).join(' ')
    this.write(1, `/Type /Pages /Kids [${list}] /Count ${kids.length}`)
    this.write(2, '/Type /Catalog /Pages 1 0 R')
    const table = this.size
    const rows = this.starts.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
    const count = this.starts.length + 1
    this.put(`xref\n0 ${count}\n0000000000 65535 f \n${rows}`)
    this.put(`trailer\n<< /Size ${count} /Root 2 0 R >>\nstartxref\n${table}\n%%EOF\n`)
    const whole = new Uint8Array(this.size)
    let at = 0
    for (const part of this.parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }
}
