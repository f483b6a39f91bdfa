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

/** The viewer of a call: it sees its own jobs and files, an admin all. */
export interface Viewer {
  /** Hash of the key of its call; empty without one. */
  owner: string
  /** Whether it is an admin. */
  all: boolean
}

export const maySee = ({ owner, all }: Viewer, one: { owner: string }): boolean =>
  all || one.owner === owner

export class Files {
  readonly #rows = new Map<string, FileRow>()
  /** Room for files, also for those that batches will make. */
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
   * Adds a file. Files of batches always find the room that was held for them.
   *
   * @param path path of the content, which is moved away from there
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

  /** Files of a viewer, oldest first. */
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
   * Links a file into a job of this owner, which keeps it when the file is deleted. The file counts
   * for each owner that keeps it, though the disk has it once: bytes of a file never change.
   *
   * @param path the second path
   * @throws ApiError where there is no room
   */
  async share(row: FileRow, path: string, owner: Holder): Promise<void> {
    const from = await this.pathOf(row)
    this.folder.hold(row.bytes, owner)
    // Not all file systems have hard links.
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
