/**
 * Documents of jobs, one of which is open at a time: read from disk, and closed when none was asked for
 * in a while.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { Documents, DocumentType, Fault } from '../../documents/documents.ts'
import type { SupervisedDocuments } from '../documents/worker.ts'
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
    work: (documents: Documents, opened: Opened) => Promise<T | Fault>,
  ): Promise<T>
  stop(): void
}

export interface Opened {
  type: DocumentType
  pages: number
}

export function createDocumentReader(documents: SupervisedDocuments): DocumentReader {
  let open: { file: string; opened: Opened } | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let idle: ReturnType<typeof setTimeout> | undefined

  async function opened(file: string): Promise<Opened> {
    if (open?.file === file) return open.opened
    open = undefined
    const { type, pages } = orThrow(await documents.open(new Uint8Array(await readFile(file))))
    open = { file, opened: { type, pages } }
    return open.opened
  }

  function close(): void {
    open = undefined
    void documents.close()
  }

  return {
    use(file, work) {
      clearTimeout(idle)
      const result = turn.then(async () => {
        clearTimeout(idle)
        return orThrow(await work(documents, await opened(file)))
      })
      turn = result.catch(() => {}).finally(() => {
        clearTimeout(idle)
        idle = setTimeout(close, JOBS.idleMs)
      })
      return result
    },
    stop() {
      clearTimeout(idle)
      documents.stop()
    },
  }
}

function orThrow<T extends { ok: true }>(result: T | Fault): T {
  if (result.ok) return result
  throw new DocumentFault({ reason: result.reason, message: result.message })
}
