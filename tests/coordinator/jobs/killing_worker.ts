/** Kills the process when it is given a document that says so, as one does that takes all memory. */
import { expose } from 'comlink'
import type { Documents } from '../../../src/documents/documents.ts'

const documents: Pick<Documents, 'open' | 'close'> = {
  open(bytes) {
    if (new TextDecoder().decode(bytes) === 'kill') Deno.kill(Deno.pid, 'SIGKILL')
    return Promise.resolve({ ok: true, type: 'application/pdf', pages: 1 })
  },
  close: () => Promise.resolve(),
}

expose(documents)
