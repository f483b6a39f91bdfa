/**
 * Documents of jobs, one of which is open at a time: read from disk, and closed after a while
 * without use. Of the owners that wait, the one with the least time so far is next: slow documents
 * slow the jobs of their owner.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { Documents, DocumentType, Fault } from '../../documents/documents.ts'
import type { SupervisedDocuments } from './documents/worker.ts'
import { JOBS } from './params.ts'
import { DocumentFault } from './work.ts'

export interface DocumentReader {
  /**
   * Opens a document where it is not open, and works with it.
   *
   * @throws DocumentFault
   */
  use<T extends { ok: true }>(
    owner: string,
    file: string,
    work: (documents: Documents, opened: Opened) => Promise<T | Fault>,
  ): Promise<T>
  stop(): void
}

export interface Opened {
  type: DocumentType
  pages: number
}

export function createDocumentReader(
  documents: SupervisedDocuments,
  now: () => number,
): DocumentReader {
  let open: { file: string; opened: Opened } | undefined
  const waiting: { owner: string; run: () => Promise<void> }[] = []
  /** Time of each owner since the last moment without waiting owners. */
  const spentMs = new Map<string, number>()
  let isBusy = false
  let idle: ReturnType<typeof setTimeout> | undefined

  async function opened(file: string): Promise<Opened> {
    if (open?.file === file) return open.opened
    open = undefined
    const { type, pages } = orThrow(await documents.open(await readFile(file)))
    open = { file, opened: { type, pages } }
    return open.opened
  }

  const spentBy = (owner: string) => spentMs.get(owner) ?? 0

  async function serve(): Promise<void> {
    if (isBusy) return
    isBusy = true
    clearTimeout(idle)
    while (waiting.length > 0) {
      const next = waiting.reduce((a, b) => spentBy(b.owner) < spentBy(a.owner) ? b : a)
      waiting.splice(waiting.indexOf(next), 1)
      const fromMs = now()
      await next.run()
      spentMs.set(next.owner, spentBy(next.owner) + now() - fromMs)
    }
    spentMs.clear()
    isBusy = false
    idle = setTimeout(close, JOBS.idleMs)
  }

  function close(): void {
    open = undefined
    void documents.close()
  }

  return {
    use(owner, file, work) {
      return new Promise((resolve, reject) => {
        const done = async () => orThrow(await work(documents, await opened(file)))
        waiting.push({ owner, run: () => done().then(resolve, reject) })
        void serve()
      })
    },
    stop() {
      clearTimeout(idle)
      documents.stop()
    },
  }
}

function orThrow<T extends { ok: true }>(result: T | Fault): T {
  if (result.ok) return result
  const { reason, message, gaveUp = false } = result
  throw new DocumentFault({ reason, message }, gaveUp)
}
