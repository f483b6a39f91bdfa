/** Documents that tests make: PDFs by a library, and others byte by byte. */
import { PDFDocument, StandardFonts } from '@cantoo/pdf-lib'
import { SAMPLE_PAGE } from '../../src/cli/serve/serving.ts'

export const A4: [number, number] = [595, 842]

type Bytes = Uint8Array<ArrayBuffer>

/** One page each: `scan` a photograph of a page with seven lines, `blank` nothing, else the text. */
export async function pdfOf(
  pages: readonly string[],
  size: [number, number] = A4,
): Promise<Bytes> {
  const pdf = await PDFDocument.create()
  const font = await pdf.embedFont(StandardFonts.Helvetica)
  const scan = await pdf.embedJpg(await Deno.readFile(SAMPLE_PAGE))
  for (const what of pages) {
    const page = pdf.addPage(size)
    if (what === 'blank') continue
    if (what === 'scan') {
      const { width, height } = scan.scaleToFit(size[0], size[1])
      page.drawImage(scan, { x: 0, y: size[1] - height, width, height })
    } else page.drawText(what, { x: 50, y: size[1] - 60, size: 12, lineHeight: 18, font })
  }
  return await pdf.save() as Bytes
}

export async function encryptedPdf(): Promise<Bytes> {
  const pdf = await PDFDocument.create()
  pdf.addPage(A4)
  pdf.encrypt({ userPassword: 'secret', ownerPassword: 'owner', permissions: {} })
  return await pdf.save() as Bytes
}

/** Of objects as they are; a stream is its entries and its bytes. */
export function rawPdf(objects: readonly (string | [string, Uint8Array])[]): Bytes {
  const parts: Uint8Array[] = [bytesOf('%PDF-1.4\n')]
  objects.forEach((object, i) => {
    const [entries, stream] = typeof object === 'string' ? [object] : object
    if (stream === undefined) return parts.push(bytesOf(`${i + 1} 0 obj\n${entries}\nendobj\n`))
    const head = `${i + 1} 0 obj\n<< ${entries} /Length ${stream.length} >>\nstream\n`
    return parts.push(bytesOf(head), stream, bytesOf('\nendstream\nendobj\n'))
  })
  parts.push(bytesOf(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\n%%EOF\n`))
  return joined(parts)
}

/** Three pages, the second of which is nothing. */
export function pdfWithoutSecondPage(): Bytes {
  const page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>'
  const tree = '<< /Type /Pages /Kids [3 0 R 4 0 R 5 0 R] /Count 3 >>'
  return rawPdf(['<< /Type /Catalog /Pages 2 0 R >>', tree, page, 'null', page])
}

/** A page of this content, which is packed already. */
export const pdfOfContent = (entries: string, content: Uint8Array): Bytes =>
  rawPdf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>',
    [entries, content],
  ])

/** So many MiB of zeros, deflated to a thousandth of that. */
export async function deflatedZeros(mebibytes: number): Promise<Bytes> {
  const zeros = new Uint8Array(2 ** 20)
  let left = mebibytes
  const source = new ReadableStream<BufferSource>({
    pull: (controller) => left-- > 0 ? controller.enqueue(zeros) : controller.close(),
  })
  const packed = source.pipeThrough(new CompressionStream('deflate'))
  return new Uint8Array(await new Response(packed).arrayBuffer())
}

export type Tag = [tag: number, type: 3 | 4, values: readonly number[]]

/** Pages of one strip each; tags of the strip are put in. */
export function tiffOf(
  pages: readonly { tags: readonly Tag[]; strip: Uint8Array }[],
  littleEndian = true,
): Bytes {
  const bytes: number[] = []
  const u16 = (value: number) => put(value, 2)
  const u32 = (value: number) => put(value, 4)
  function put(value: number, size: number): void {
    const each = Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) & 0xff)
    bytes.push(...littleEndian ? each : each.reverse())
  }
  bytes.push(...littleEndian ? [0x49, 0x49] : [0x4d, 0x4d])
  u16(42)
  u32(8)
  pages.forEach(({ tags, strip }, index) => {
    const all: Tag[] = [...tags, [273, 4, [0]], [279, 4, [strip.length]]]
    all.sort((a, b) => a[0] - b[0])
    const start = bytes.length
    const sizeOf = ([, type, values]: Tag) => values.length * (type === 3 ? 2 : 4)
    let free = start + 2 + 12 * all.length + 4
    const places = all.map((tag) => {
      const size = sizeOf(tag)
      const at = free
      if (size > 4) free += size
      return at
    })
    const stripAt = free
    u16(all.length)
    all.forEach((tag, i) => {
      const [number, type, values] = tag
      u16(number)
      u16(type)
      u32(values.length)
      const shown = number === 273 ? [stripAt] : values
      if (sizeOf(tag) > 4) return u32(places[i]!)
      shown.forEach((value) => put(value, type === 3 ? 2 : 4))
      while ((bytes.length - start - 2) % 12 !== 0) bytes.push(0)
    })
    u32(index === pages.length - 1 ? 0 : stripAt + strip.length)
    for (const tag of all) {
      if (sizeOf(tag) > 4) tag[2].forEach((value) => put(value, tag[1] === 3 ? 2 : 4))
    }
    for (const byte of strip) bytes.push(byte)
  })
  return Uint8Array.from(bytes)
}

/** A few kilobytes, so many pages of which say that they have the same strips, one of all bytes. */
export function tiffOfOneStrip(pages: number, strips: number): Bytes {
  const tags = 5
  const lists = 8 + pages * (2 + 12 * tags + 4)
  const bytes = new Uint8Array(lists + 8 * strips)
  const view = new DataView(bytes.buffer)
  bytes.set([0x49, 0x49, 42, 0, 8])
  for (let page = 0; page < pages; page++) {
    const at = 8 + page * (2 + 12 * tags + 4)
    view.setUint16(at, tags, true)
    const entries = [[256, 1, 64], [257, 1, strips], [278, 1, 1]]
    for (
      const [i, [tag, count, value]] of [
        ...entries,
        ...[[273, strips, lists], [279, strips, lists + 4 * strips]],
      ].entries()
    ) {
      const entry = at + 2 + 12 * i
      view.setUint16(entry, tag!, true)
      view.setUint16(entry + 2, 4, true)
      view.setUint32(entry + 4, count!, true)
      view.setUint32(entry + 8, value!, true)
    }
    view.setUint32(at + 2 + 12 * tags, page === pages - 1 ? 0 : at + 2 + 12 * tags + 4, true)
  }
  for (let i = 0; i < strips; i++) {
    view.setUint32(lists + 4 * (strips + i), bytes.length, true)
  }
  return bytes
}

const bytesOf = (text: string) => new TextEncoder().encode(text)

function joined(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
