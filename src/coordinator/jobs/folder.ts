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
import { ApiError } from '../api_error.ts'
import { JOBS } from './params.ts'

/** What others handed in is nobody else's business. */
const DIR_MODE = 0o700
const FILE_MODE = 0o600
const TMP = 'tmp'
export const FILES = 'files'

export class Folder {
  #bytes = 0
  #serial = 0
  #dir: Promise<string> | undefined

  /** @param dir made, or found, when it is first needed */
  constructor(private readonly dir: () => Promise<string>) {}

  /** Bytes that all of it takes. */
  get bytes(): number {
    return this.#bytes
  }

  async path(...names: string[]): Promise<string> {
    this.#dir ??= this.dir().then(async (dir) => {
      // What was under way when an earlier run ended is of no use.
      await rm(join(dir, TMP), { recursive: true, force: true })
      await mkdir(join(dir, TMP), { recursive: true, mode: DIR_MODE })
      await mkdir(join(dir, FILES), { recursive: true, mode: DIR_MODE })
      this.#bytes = await sizeOf(dir)
      return dir
    })
    return join(await this.#dir, ...names)
  }

  /** @throws ApiError `queue_full` where the disk is not to hold more */
  hold(bytes: number): void {
    if (bytes > 0 && this.#bytes + bytes > JOBS.diskBytes) {
      throw new ApiError(
        'queue_full',
        `Cannot keep more: jobs and files fill ${JOBS.diskBytes} bytes: delete some`,
      )
    }
    this.#bytes += bytes
  }

  /** A name for what is under way. */
  async temporary(): Promise<string> {
    return await this.path(TMP, `${Date.now()}-${++this.#serial}`)
  }

  /** Folders of a new job. */
  async make(job: string): Promise<void> {
    for (const name of ['in', 'parts', 'out']) {
      await mkdir(await this.path(job, name), { recursive: true, mode: DIR_MODE })
    }
  }

  /** Moves what was written under a temporary name. */
  async adopt(temporary: string, ...names: string[]): Promise<void> {
    await rename(temporary, await this.path(...names))
  }

  /** In place of what is there. @throws ApiError `queue_full` */
  async write(content: Uint8Array | string, ...names: string[]): Promise<number> {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const path = await this.path(...names)
    const before = await stat(path).then(({ size }) => size, () => 0)
    this.hold(bytes.byteLength - before)
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
      this.hold(before - bytes.byteLength)
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
    const path = await this.path(...names)
    this.#bytes -= await sizeOf(path)
    await rm(path, { recursive: true, force: true })
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
