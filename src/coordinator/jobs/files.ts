/**
 * Files of `/v1/files`: kept until they are deleted, or for some days.
 *
 * @module
 */
import { ApiError } from '../api_error.ts'
import { FILES, type Folder } from './folder.ts'
import type { Ledger } from './ledger.ts'
import { JOBS } from './params.ts'
import type { FileRow } from './types.ts'

/** Whose jobs and files a call may see. */
export interface Viewer {
  /** Hash of the key that it came with; empty without one. */
  owner: string
  /** An admin sees all. */
  all: boolean
}

export const maySee = ({ owner, all }: Viewer, one: { owner: string }): boolean =>
  all || one.owner === owner

export class Files {
  readonly #rows = new Map<string, FileRow>()

  constructor(
    private readonly folder: Folder,
    private readonly ledger: Ledger,
    private readonly wallMs: () => number,
    kept: Iterable<FileRow>,
  ) {
    for (const row of kept) this.#rows.set(row.id, row)
  }

  /** @param path of what is kept, which is moved away from there. @throws ApiError `queue_full` */
  async add(
    file: Pick<FileRow, 'name' | 'purpose' | 'bytes' | 'owner'>,
    path: string,
  ): Promise<FileRow> {
    if (this.#rows.size >= JOBS.files) {
      throw new ApiError('queue_full', `Cannot keep more than ${JOBS.files} files: delete some`)
    }
    const id = `file-${crypto.randomUUID().replaceAll('-', '')}`
    const row = { id, ...file, createdAtMs: this.wallMs() }
    await this.folder.adopt(path, FILES, id)
    this.#rows.set(id, row)
    await this.ledger.put([['file', id, JSON.stringify(row)]])
    return row
  }

  /** Oldest first. */
  list(viewer: Viewer): FileRow[] {
    return [...this.#rows.values()].filter((row) => maySee(viewer, row))
      .sort((a, b) => a.createdAtMs - b.createdAtMs)
  }

  /** @throws ApiError `not_found` */
  get(viewer: Viewer, id: string): FileRow {
    const row = this.#rows.get(id)
    if (row !== undefined && maySee(viewer, row)) return row
    throw new ApiError('not_found', `Cannot find file ${id.slice(0, 100)}`)
  }

  pathOf({ id }: FileRow): Promise<string> {
    return this.folder.path(FILES, id)
  }

  async remove({ id }: FileRow): Promise<void> {
    this.#rows.delete(id)
    await this.ledger.put([['file', id, null]])
    await this.folder.remove(FILES, id)
  }

  async removeOld(beforeMs: number): Promise<void> {
    for (const row of [...this.#rows.values()]) {
      if (row.createdAtMs < beforeMs) await this.remove(row)
    }
  }
}
