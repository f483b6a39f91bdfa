/** A worker as `workers/documents.ts`, for documents that `pdf` of `ocr_scene.ts` makes. */
import { expose } from 'comlink'
import type { Documents } from '../../src/documents/documents.ts'

let first = 0

/** Takes as many bytes for each page as a document says behind its count. */
let pageBytes = 0

const documents: Documents = {
  open(bytes) {
    const text = new TextDecoder().decode(bytes.subarray(0, 100))
    if (text.includes('die')) setTimeout(() => Promise.reject(new Error('out of memory')))
    if (text.includes('die') || text.includes('hang')) return new Promise(() => {})
    if (text.includes('locked')) {
      const message = 'Cannot open the document: it is encrypted: send it without its password'
      return Promise.resolve({ ok: false, reason: 'encrypted', message })
    }
    const [, start, count, size = 0] = /^%PDF-(\d+) (\d+)(?: (\d+))?/.exec(text)!
    first = Number(start)
    pageBytes = Number(size)
    return Promise.resolve({ ok: true, type: 'application/pdf', pages: Number(count) })
  },
  part(from, count) {
    const head = new TextEncoder().encode(`%PDF-${first + from} ${count}`)
    const bytes = new Uint8Array(head.length + count * pageBytes).fill(0x20)
    bytes.set(head)
    return Promise.resolve({ ok: true, type: 'application/pdf', bytes })
  },
  write: () => Promise.reject(new Error('nothing is written here')),
  close: () => Promise.resolve(),
}
expose(documents)
