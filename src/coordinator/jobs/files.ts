/**
 * Files of `/v1/files`: kept until they are deleted, or for some days.
 *
 * @module
 */
import { copyFile, link } from 'node:fs/promises'
import { ApiError } from '../core/api_error.ts'
import { createRoom, type Holder } from '../core/shares.ts'
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
  /** Files, and those that batches will make. */
  readonly room = createRoom(() => ({
    ...{ most: JOBS.files, deed: 'keep a file', what: 'files', remedy: 'delete some' },
  }))

  constructor(
    private readonly folder: Folder,
    private readonly ledger: Ledger,
    private readonly wallMs: () => number,
    kept: Iterable<FileRow>,
  ) {
    for (const row of kept) this.#note(row)
  }

  /**
   * Files of batches always find the room that was held for them.
   *
   * @param path of what is kept, which is moved away from there
   */
  async add(
    file: Pick<FileRow, 'name' | 'purpose' | 'bytes' | 'owner'>,
    path: string,
  ): Promise<FileRow> {
    const id = `file-${crypto.randomUUID().replaceAll('-', '')}`
    const row = { id, ...file, createdAtMs: this.wallMs() }
    await this.folder.adopt(path, FILES, id)
    this.#note(row)
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

  /**
   * Has a job of this owner keep it, whoever deletes the file. It counts for each that keeps it, though
   * the disk has it once: bytes of a file never change.
   *
   * @param path where it will be, too
   * @throws ApiError where there is no room
   */
  async share(row: FileRow, path: string, owner: Holder): Promise<void> {
    const from = await this.pathOf(row)
    this.folder.hold(row.bytes, owner)
    // Not all disks know of two names for a file.
    await link(from, path).catch(() => copyFile(from, path)).catch((error) => {
      this.folder.take(-row.bytes, owner)
      throw error
    })
  }

  async remove({ id, owner }: FileRow): Promise<void> {
    if (!this.#rows.delete(id)) return
    this.room.take(-1, owner)
    await this.ledger.put([['file', id, null]])
    await this.folder.remove(FILES, id)
  }

  #note(row: FileRow): void {
    this.#rows.set(row.id, row)
    this.room.take(1, row.owner)
    this.folder.own(row.id, row.owner)
  }

  async removeOld(beforeMs: number): Promise<void> {
    for (const row of [...this.#rows.values()]) {
      if (row.createdAtMs < beforeMs) await this.remove(row)
    }
  }
}
