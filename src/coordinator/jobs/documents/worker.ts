/**
 * `Documents` in a worker: each call is raced against a time limit and the worker's death, so that
 * the worst that a document causes is a fault. After either, the next call has a new worker, in
 * which the document is opened again.
 *
 * @module
 */
import { releaseProxy, type Remote, wrap } from 'comlink'
import type { Documents, Fault } from '../../../documents/documents.ts'
import type { Deadlines } from '../../core/deadlines.ts'

const SECOND_MS = 1000

/** Times in which a step of a document has to be done. */
export const STEP = {
  openMs: 10 * SECOND_MS, // to count the pages: ordinary documents take less than a second
  pageMs: 5 * SECOND_MS, // to cut out a page: ordinary ones take some milliseconds
  writeMs: 20 * SECOND_MS, // to write what was read, whatever it is
  writePageMs: 60, // and for each page: the PDF of 10,000 pages takes a minute
} as const

export interface DocumentsOptions {
  /** Starts `workers/documents.ts`; called when there is a call for it. */
  createWorker: () => Worker
  now: () => number
  deadlines: Deadlines
  /** In place of `STEP`'s. */
  openMs?: number
}

const faultOf = (reason: Fault['reason'], message: string): Fault => ({
  ok: false,
  reason,
  message,
})

const closed = faultOf('internal', 'Cannot read the document: it was closed')

export interface SupervisedDocuments extends Documents {
  /** Ends the worker at once, for good: calls under way and later ones are answered by a fault. */
  stop(): void
}

interface Running {
  worker: Worker
  documents: Remote<Documents>
  /** Whether it has answered. */
  isUp: boolean
  isOpen: boolean
  /** Resolves with the reason when the worker is ended. */
  over: PromiseWithResolvers<Fault>
}

export function createDocuments(options: DocumentsOptions): SupervisedDocuments {
  const { createWorker, now, deadlines } = options
  const { openMs = STEP.openMs } = options
  let running: Running | undefined
  let isStopped = false
  /**
   * Bytes of the open document. Threads share them: there is one copy, however often it is opened.
   */
  let bytes: Uint8Array<SharedArrayBuffer> | undefined
  let last: Promise<unknown> = Promise.resolve()

  /** Runs calls one after another, so that each has its whole time limit. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = last.then(work)
    last = next.catch(() => {})
    return next
  }

  function end(why: Fault = closed): void {
    if (running === undefined) return
    const { documents, worker, over } = running
    running = undefined
    over.resolve(why)
    documents[releaseProxy]()
    worker.terminate()
  }

  function start(): Running {
    const worker = createWorker()
    worker.onerror = (event) => {
      event.preventDefault()
      const message = `Cannot read the document: its worker died: ${event.message}`
      const fault = faultOf('internal', `${message}; try again, with fewer pages at once`)
      // A worker that had answered died of the document.
      end(mine.isUp ? { ...fault, gaveUp: true } : fault)
    }
    const over = Promise.withResolvers<Fault>()
    const documents = wrap<Documents>(worker)
    const mine: Running = { worker, documents, isUp: false, isOpen: false, over }
    documents.close().catch(() => {}).then(() => mine.isUp = true)
    return running = mine
  }

  async function ask<T>(
    limitMs: number,
    call: (documents: Documents) => Promise<T | Fault>,
  ): Promise<T | Fault> {
    if (isStopped) return closed
    let cancelTimer = () => {}
    try {
      const { documents, over } = running ?? start()
      cancelTimer = deadlines.at(now() + limitMs, () => {
        const message = `Cannot read the document: it takes longer than ${limitMs / 1000} s`
        end(faultOf('too_large', `${message}: split it, or print it to a new PDF`))
      })
      return await Promise.race([call(documents), over.promise])
    } catch (error) {
      const fault = faultOf(
        'internal',
        `Cannot read the document: its worker failed: ${(error as Error).message}`,
      )
      end(fault)
      return fault
    } finally {
      cancelTimer()
    }
  }

  async function openHere(shared: Uint8Array) {
    const opened = await ask(openMs, (documents) => documents.open(shared))
    if (running !== undefined) running.isOpen = opened.ok
    return opened
  }

  /** Opens the document in a new worker after one was lost. */
  async function openAgain(): Promise<Fault | undefined> {
    if (bytes === undefined || running?.isOpen) return undefined
    const opened = await openHere(bytes)
    return opened.ok ? undefined : opened
  }

  return {
    open: (document) =>
      inTurn(async () => {
        bytes = new Uint8Array(new SharedArrayBuffer(document.length))
        bytes.set(document)
        const opened = await openHere(bytes)
        if (!opened.ok) bytes = undefined
        return opened
      }),
    part: (from, count) =>
      inTurn(async () =>
        await openAgain() ??
          await ask(pagesIn(count) * STEP.pageMs, (documents) => documents.part(from, count))
      ),
    write: (output, pages, name) =>
      inTurn(async () =>
        await openAgain() ??
          await ask(
            STEP.writeMs + pages.length * STEP.writePageMs,
            (documents) => documents.write(output, pages, name),
          )
      ),
    close: () =>
      inTurn(() => {
        bytes = undefined
        // The worker's memory never shrinks: a new one starts in a few milliseconds.
        end()
        return Promise.resolve()
      }),
    stop() {
      isStopped = true
      bytes = undefined
      end()
    },
  }
}

/** At least one page: the worker itself reports an empty range. */
const pagesIn = (count: number) => count >= 1 ? count : 1
