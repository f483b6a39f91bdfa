/**
 * Documents for tests: a text of lines `page WORD` is a document of as many pages, of a type of its own
 * kind; a picture is one page. The first word may say what goes wrong.
 */
import { expose } from 'comlink'
import type { Documents, Fault } from '../../../src/documents/documents.ts'

const PNG = [0x89, 0x50, 0x4e, 0x47]
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const fault = (reason: Fault['reason'], message: string): Fault => ({ ok: false, reason, message })

let open: { bytes: Uint8Array; lines: string[] | undefined } | undefined
let opened = 0

const documents: Documents = {
  open(bytes) {
    opened++
    if (PNG.every((byte, i) => bytes[i] === byte)) {
      open = { bytes, lines: undefined }
      return Promise.resolve({ ok: true, type: 'image/png', pages: 1 })
    }
    const said = text(bytes)
    if (said === '') return Promise.resolve(fault('invalid_input', 'Cannot open it: it is empty'))
    if (said.startsWith('locked')) {
      return Promise.resolve(fault('encrypted', 'Cannot open it: it needs a password'))
    }
    // As one does that has all of its worker's memory taken.
    if (said.startsWith('deadly')) {
      setTimeout(() => {
        throw new Error('out of memory')
      })
    }
    if (said.startsWith('deadly')) return new Promise(() => {})
    if (!said.startsWith('page ')) {
      return Promise.resolve(fault('unsupported_type', 'Cannot open it: it is no document'))
    }
    const lines = said.trim().split('\n')
    open = { bytes, lines }
    return Promise.resolve({ ok: true, type: 'application/pdf', pages: lines.length })
  },
  part(from, count) {
    if (open!.lines === undefined) {
      return Promise.resolve({ ok: true, type: 'image/png', bytes: new Uint8Array(open!.bytes) })
    }
    const bytes = new TextEncoder().encode(open!.lines.slice(from, from + count).join('\n'))
    return Promise.resolve({ ok: true, type: 'application/pdf', bytes })
  },
  write(output, pages, name) {
    if (output === 'alto') return Promise.resolve(fault('internal', 'Cannot write it'))
    const said = JSON.stringify({ output, name, opened, pages })
    return Promise.resolve({ ok: true, bytes: new TextEncoder().encode(said) })
  },
  close() {
    open = undefined
    return Promise.resolve()
  },
}

expose(documents)
