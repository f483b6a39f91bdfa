/**
 * The folder of jobs: their inputs, the results of parts, their outputs.
 *
 *     JOB/in/N           document N as it came
 *     JOB/parts/N-F-C    the result of C pages of it from F on, as JSON
 *     JOB/out/N.EXT      an output
 *     files/FILE         a file of /v1/files
 *     tmp/               files under way
 *
 * A file is whole or absent: it is written under `tmp`, flushed, then renamed.
 *
 * @module
 */
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createRoom, type Holder, type Refusal } from '../core/shares.ts'
import type { Job } from './job.ts'
import { JOBS } from './params.ts'

/** Only the coordinator's user may read what others uploaded. */
const DIR_MODE = 0o700
const FILE_MODE = 0o600
const TMP = 'tmp'
export const FILES = 'files'

const bound = (share: number) => () => ({
  ...{ most: Math.floor(JOBS.diskBytes * share), deed: 'keep more' },
  ...{ what: 'bytes of jobs and files', remedy: 'delete some' },
})

export class Folder {
  /**
   * Both count all bytes; the bound of inputs is lower, so that inputs are refused before results.
   */
  readonly #inputs = createRoom(bound(JOBS.inputShare))
  readonly #all = createRoom(bound(1))
  /** Owners of jobs and files, by id. */
  readonly #owners = new Map<string, Holder>()
  #serial = 0
  #dir: Promise<string> | undefined

  /** @param dir makes or finds the folder, when it is first needed */
  constructor(private readonly dir: () => Promise<string>) {}

  /** Bytes of all files. */
  get bytes(): number {
    return this.#all.all()
  }

  /** Sets the owner of a job or a file. */
  own(id: string, owner: Holder): void {
    this.#owners.set(id, owner)
  }

  async path(...names: string[]): Promise<string> {
    this.#dir ??= this.dir().then(async (dir) => {
      // Files under way when an earlier run ended are useless.
      await rm(join(dir, TMP), { recursive: true, force: true })
      await mkdir(join(dir, TMP), { recursive: true, mode: DIR_MODE })
      await mkdir(join(dir, FILES), { recursive: true, mode: DIR_MODE })
      await this.#count(dir)
      return dir
    })
    return join(await this.#dir, ...names)
  }

  /** Holds room for inputs. @throws ApiError where all, or this owner, would have too much */
  hold(bytes: number, owner: Holder): void {
    this.#inputs.check(bytes, owner)
    this.take(bytes, owner)
  }

  /** Counts bytes without a check. @param bytes below 0 gives room back */
  take(bytes: number, owner: Holder): void {
    this.#inputs.take(bytes, owner)
    this.#all.take(bytes, owner)
  }

  /** Why no part of a job is to be submitted: there is no room for its answer. */
  refusal(job: string): Refusal | undefined {
    return this.#all.refusal(JOBS.answerBytes, this.#owners.get(job))
  }

  /** A path for a file under way. */
  async temporary(): Promise<string> {
    return await this.path(TMP, `${Date.now()}-${++this.#serial}`)
  }

  /** Holds room for a batch's answers, which its files will contain a second time. */
  promise(job: Pick<Job, 'row' | 'promised'>, bytes: number): void {
    this.take(bytes, job.row.owner)
    job.promised += bytes
  }

  /** Makes the folders of a new job. */
  async make(job: string, owner: Holder): Promise<void> {
    this.own(job, owner)
    for (const name of ['in', 'parts', 'out']) {
      await mkdir(await this.path(job, name), { recursive: true, mode: DIR_MODE })
    }
  }

  /** Moves a file from its temporary name. */
  async adopt(temporary: string, ...names: string[]): Promise<void> {
    await rename(temporary, await this.path(...names))
  }

  /** Writes a file, in place of an older one. @throws ApiError where there is no room for it */
  async write(content: Uint8Array | string, ...names: string[]): Promise<number> {
    await this.path()
    this.#all.check(content.length, this.#ownerOf(names))
    return await this.keep(content, ...names)
  }

  /** Writes a file that must not be lost: its room was checked before it was made. */
  async keep(content: Uint8Array | string, ...names: string[]): Promise<number> {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const path = await this.path(...names)
    const before = await stat(path).then(({ size }) => size, () => 0)
    const owner = this.#ownerOf(names)
    this.take(bytes.byteLength - before, owner)
    const temporary = await this.temporary()
    try {
      const file = await open(temporary, 'w', FILE_MODE)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
    } catch (error) {
      this.take(before - bytes.byteLength, owner)
      await rm(temporary, { force: true })
      throw error
    }
    return bytes.byteLength
  }

  async read(...names: string[]): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await readFile(await this.path(...names)))
  }

  /** Names in a folder; none where it does not exist. */
  async list(...names: string[]): Promise<string[]> {
    return await readdir(await this.path(...names)).catch(() => [])
  }

  /** Names in a folder, with the times of their writing, in milliseconds since the epoch. */
  async times(...names: string[]): Promise<{ name: string; atMs: number }[]> {
    const found = []
    for (const name of await this.list(...names)) {
      const info = await stat(await this.path(...names, name)).catch(() => undefined)
      if (info !== undefined) found.push({ name, atMs: info.mtimeMs })
    }
    return found
  }

  /** Removes folders of unknown jobs that were not written to for long. */
  async removeStrange(isKnown: (job: string) => boolean, beforeMs: number): Promise<void> {
    for (const name of await this.list()) {
      if (name === TMP || name === FILES || isKnown(name)) continue
      const { mtimeMs } = await stat(await this.path(name))
      if (mtimeMs < beforeMs) await this.remove(name)
    }
  }

  async remove(...names: string[]): Promise<void> {
    this.take(-await this.bytesOf(...names), this.#ownerOf(names))
    await rm(await this.path(...names), { recursive: true, force: true })
    const isWhole = names.length === (names[0] === FILES ? 2 : 1)
    if (isWhole) this.#owners.delete(names.at(-1)!)
  }

  async bytesOf(...names: string[]): Promise<number> {
    return await sizeOf(await this.path(...names))
  }

  #ownerOf([first, second]: readonly string[]): Holder {
    return this.#owners.get((first === FILES ? second : first) ?? '')
  }

  async #count(dir: string): Promise<void> {
    const jobs = (await readdir(dir)).filter((name) => name !== TMP && name !== FILES)
    const files = (await readdir(join(dir, FILES))).map((name) => [FILES, name])
    for (const names of [...files, ...jobs.map((name) => [name])]) {
      this.take(await sizeOf(join(dir, ...names)), this.#ownerOf(names))
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return 0
  if (!found.isDirectory()) return found.size
  let sum = 0
  for (const name of await readdir(path)) sum += await sizeOf(join(path, name))
  return sum
}
