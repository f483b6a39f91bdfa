/**
 * Writes a PDF, or what is appended to one: objects one after another, then the table of where they
 * are.
 *
 * @module
 */

/** The number of an object; in the file it is `${ref} 0 R`. */
export type Ref = number

/** A PDF that objects are appended to. */
export interface Base {
  bytes: Uint8Array
  /** Where its table begins. */
  table: number
  trailer: ReadonlyMap<string, string>
  /** One more than its highest number. */
  size: number
}

export interface PdfWriter {
  /** Room for an object that others name before it is there. */
  reserve(): Ref
  /** @param dictionary with its brackets, or any other object */
  put(dictionary: string, ref?: Ref): Ref
  /** @param entries of its dictionary, without brackets */
  stream(entries: string, bytes: Uint8Array, ref?: Ref): Ref
  /** Compressed. */
  deflated(entries: string, bytes: Uint8Array): Promise<Ref>
  /** An object of another file, with its head and its end. */
  copy(object: Uint8Array, ref: Ref): void
  /** @param root the catalog; of a base its own */
  finish(root?: Ref): Uint8Array<ArrayBuffer>
}

/** Each character is a byte: text of a base is written as it was read. */
function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** Bytes over 127 tell programs that carry files that this is none of text. */
const HEAD = '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n'

export function createPdfWriter(base?: Base): PdfWriter {
  const blocks: Uint8Array[] = []
  /** Where each object begins that was written here. */
  const starts = new Map<Ref, number>()
  let length = 0
  let next = base?.size ?? 1

  const write = (block: Uint8Array | string) => {
    const bytes = typeof block === 'string' ? encode(block) : block
    blocks.push(bytes)
    length += bytes.length
  }
  const reserve = () => next++
  const begin = (ref: Ref) => {
    starts.set(ref, length)
    write(`${ref} 0 obj\n`)
  }
  const writer: PdfWriter = {
    reserve,
    put(dictionary, ref = reserve()) {
      next = Math.max(next, ref + 1)
      begin(ref)
      write(`${dictionary}\nendobj\n`)
      return ref
    },
    stream(entries, bytes, ref = reserve()) {
      begin(ref)
      write(`<< ${entries} /Length ${bytes.length} >>\nstream\n`)
      write(bytes)
      write('\nendstream\nendobj\n')
      return ref
    },
    deflated: async (entries, bytes) =>
      writer.stream(`${entries} /Filter /FlateDecode`, await deflate(bytes)),
    copy(object, ref) {
      next = Math.max(next, ref + 1)
      starts.set(ref, length)
      write(object)
    },
    finish(root) {
      const table = length
      write('xref\n0 1\n0000000000 65535 f \n')
      for (const [ref, at] of [...starts].sort(([a], [b]) => a - b)) {
        write(`${ref} 1\n${String(at).padStart(10, '0')} 00000 n \n`)
      }
      const trailer = new Map(base?.trailer).set('Size', String(next))
      if (base !== undefined) trailer.set('Prev', String(base.table))
      if (root !== undefined) trailer.set('Root', `${root} 0 R`)
      const entries = [...trailer].map(([name, value]) => `/${name} ${value}`).join(' ')
      write(`trailer\n<< ${entries} >>\nstartxref\n${table}\n%%EOF\n`)
      return joined(blocks, length)
    },
  }
  if (base === undefined) write(HEAD)
  else write(base.bytes)
  if (base !== undefined) write('\n')
  return writer
}

export function joined(
  blocks: readonly Uint8Array[],
  length = blocks.reduce((sum, block) => sum + block.length, 0),
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length)
  let at = 0
  for (const block of blocks) {
    out.set(block, at)
    at += block.length
  }
  return out
}

/** With zlib's header, as PDF wants it. */
export async function deflate(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream()
  const packed = stream.pipeThrough(new CompressionStream('deflate'))
  return new Uint8Array(await new Response(packed).arrayBuffer())
}

/** A number as PDF has it: no exponent, no more digits than are seen. */
export const num = (value: number): string => String(Math.round(value * 1000) / 1000)
