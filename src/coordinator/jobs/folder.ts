/**
 * The folder of jobs: what was handed in, what came of each part, what is written of it.
 *
 *     JOB/in/N           document N as it came
 *     JOB/parts/N-F-C    what came of C pages of it from F on, as JSON
 *     JOB/out/N.EXT      an output
 *     files/FILE         a file of /v1/files
 *     tmp/               what is under way
 *
 * A file is whole or not there: it is written under `tmp`, flushed, then renamed.
 *
 * @module
 */
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createRoom, type Holder, type Refusal } from '../core/shares.ts'
import type { Job } from './job.ts'
import { JOBS } from './params.ts'

/** What others handed in is nobody else's business. */
const DIR_MODE = 0o700
const FILE_MODE = 0o600
const TMP = 'tmp'
export const FILES = 'files'

const bound = (share: number) => () => ({
  ...{ most: Math.floor(JOBS.diskBytes * share), deed: 'keep more' },
  ...{ what: 'bytes of jobs and files', remedy: 'delete some' },
})

export class Folder {
  /** Both count all bytes: what is handed in is refused before what comes of it. */
  readonly #inputs = createRoom(bound(JOBS.inputShare))
  readonly #all = createRoom(bound(1))
  /** Of jobs and files, by id. */
  readonly #owners = new Map<string, Holder>()
  #serial = 0
  #dir: Promise<string> | undefined

  /** @param dir made, or found, when it is first needed */
  constructor(private readonly dir: () => Promise<string>) {}

  /** Bytes that all of it takes. */
  get bytes(): number {
    return this.#all.all()
  }

  /** Whom a job or a file counts for, from now on. */
  own(id: string, owner: Holder): void {
    this.#owners.set(id, owner)
  }

  async path(...names: string[]): Promise<string> {
    this.#dir ??= this.dir().then(async (dir) => {
      // What was under way when an earlier run ended is of no use.
      await rm(join(dir, TMP), { recursive: true, force: true })
      await mkdir(join(dir, TMP), { recursive: true, mode: DIR_MODE })
      await mkdir(join(dir, FILES), { recursive: true, mode: DIR_MODE })
      await this.#count(dir)
      return dir
    })
    return join(await this.#dir, ...names)
  }

  /** Of what is handed in. @throws ApiError where the disk is not to hold more, or not of this owner */
  hold(bytes: number, owner: Holder): void {
    this.#inputs.check(bytes, owner)
    this.take(bytes, owner)
  }

  /** What is there in any case. @param bytes below 0 gives room back */
  take(bytes: number, owner: Holder): void {
    this.#inputs.take(bytes, owner)
    this.#all.take(bytes, owner)
  }

  /** Why no part of a job is to be asked: there is no room for its answer. */
  refusal(job: string): Refusal | undefined {
    return this.#all.refusal(JOBS.answerBytes, this.#owners.get(job))
  }

  /** A name for what is under way. */
  async temporary(): Promise<string> {
    return await this.path(TMP, `${Date.now()}-${++this.#serial}`)
  }

  /** Answers of a batch are there a second time once files are made of them: there is room by then. */
  promise(job: Pick<Job, 'row' | 'promised'>, bytes: number): void {
    this.take(bytes, job.row.owner)
    job.promised += bytes
  }

  /** Folders of a new job. */
  async make(job: string, owner: Holder): Promise<void> {
    this.own(job, owner)
    for (const name of ['in', 'parts', 'out']) {
      await mkdir(await this.path(job, name), { recursive: true, mode: DIR_MODE })
    }
  }

  /** Moves what was written under a temporary name. */
  async adopt(temporary: string, ...names: string[]): Promise<void> {
    await rename(temporary, await this.path(...names))
  }

  /** In place of what is there. @throws ApiError where there is no room for it */
  async write(content: Uint8Array | string, ...names: string[]): Promise<number> {
    await this.path()
    this.#all.check(content.length, this.#ownerOf(names))
    return await this.keep(content, ...names)
  }

  /** Likewise, of what must not be lost: whether there is room was looked at before it was made. */
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

  /** Names in a folder; none where there is no such. */
  async list(...names: string[]): Promise<string[]> {
    return await readdir(await this.path(...names)).catch(() => [])
  }

  /** Names in a folder, with when each was written, in milliseconds since the epoch. */
  async times(...names: string[]): Promise<{ name: string; atMs: number }[]> {
    const found = []
    for (const name of await this.list(...names)) {
      const info = await stat(await this.path(...names, name)).catch(() => undefined)
      if (info !== undefined) found.push({ name, atMs: info.mtimeMs })
    }
    return found
  }

  /** Folders of jobs that nobody knows of any more, once nothing was written there for long. */
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
