/**
 * Documents in a worker: one is open at a time, each call is raced against a deadline and the worker's
 * death. A document that kills it is at fault alone; the next call starts another.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { type Remote, transfer, wrap } from 'comlink'
import type { Documents, DocumentType, Fault } from '../../documents/documents.ts'
import { JOBS } from './params.ts'
import { DocumentFault } from './work.ts'

export interface DocumentReader {
  /**
   * Has a document opened where it is not, and then this done with it.
   *
   * @throws DocumentFault
   */
  use<T extends { ok: true }>(
    file: string,
    ms: number,
    work: (documents: Documents, opened: Opened) => Promise<T | Fault>,
  ): Promise<T>
  stop(): void
}

export interface Opened {
  type: DocumentType
  pages: number
}

interface Running {
  worker: Worker
  documents: Remote<Documents>
  died: Promise<never>
  open: { file: string; opened: Opened } | undefined
}

/** @param createWorker starts `workers/documents.ts`; called when there is something for it */
export function createDocumentReader(createWorker: () => Worker): DocumentReader {
  let running: Running | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let idle: ReturnType<typeof setTimeout> | undefined

  function start(): Running {
    const worker = createWorker()
    const dying = Promise.withResolvers<never>()
    dying.promise.catch(() => {})
    worker.onerror = (event) => {
      event.preventDefault()
      dying.reject(new Error(event.message))
    }
    return { worker, documents: wrap<Documents>(worker), died: dying.promise, open: undefined }
  }

  function end(): void {
    running?.worker.terminate()
    running = undefined
  }

  async function within<T>(ms: number, what: string, died: Promise<never>, call: Promise<T>) {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`it took over ${ms / 1000} s`)), ms)
    })
    try {
      return await Promise.race([call, died, late])
    } catch (error) {
      end()
      const message = `Cannot ${what} the document: ${(error as Error).message}`
      throw new DocumentFault({ reason: 'internal', message })
    } finally {
      clearTimeout(timer)
    }
  }

  async function opened(file: string): Promise<Running> {
    const one = running ??= start()
    if (one.open?.file === file) return one
    one.open = undefined
    const bytes = new Uint8Array(await readFile(file))
    const { documents, died } = one
    const call: ReturnType<Documents['open']> = documents.open(transfer(bytes, [bytes.buffer]))
    const { type, pages } = orThrow(await within(JOBS.openMs, 'open', died, call))
    one.open = { file, opened: { type, pages } }
    return one
  }

  return {
    use(file, ms, work) {
      clearTimeout(idle)
      const result = turn.then(async () => {
        clearTimeout(idle)
        const { documents, open, died } = await opened(file)
        const call = work(documents as unknown as Documents, open!.opened)
        return orThrow(await within(ms, 'read', died, call))
      })
      turn = result.catch(() => {}).finally(() => {
        clearTimeout(idle)
        idle = setTimeout(end, JOBS.idleMs)
      })
      return result
    },
    stop() {
      clearTimeout(idle)
      end()
    },
  }
}

function orThrow<T extends { ok: true }>(result: T | Fault): T {
  if (result.ok) return result
  throw new DocumentFault({ reason: result.reason, message: result.message })
}
