/**
 * What a folder of results remembers: which documents it has, as they were when they were read, and which
 * jobs are under way for it.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { JobOutput } from '../../client/job_types.ts'
import { replaceFile } from '../writable.ts'
import type { Found } from './walk.ts'

export const STATE_FILE = '.shoal-documents.json'
const SCHEMA = 'shoal-documents/1'
/** Of a file that says what was done of a hundred thousand documents. */
const MOST_BYTES = 256 * 1024 * 1024

interface Version {
  bytes: number
  mtimeMs: number
  sha256: string
}

interface Done extends Version {
  /** Names of what was written, from the folder. */
  outputs: { [output in JobOutput]?: string }
}

export interface OpenJob {
  id: string
  url: string
  outputs: JobOutput[]
  /** In the order in which the job has them. */
  documents: (Version & { name: string })[]
}

interface Kept {
  schema: typeof SCHEMA
  done: { [name: string]: Done }
  jobs: OpenJob[]
}

export class FolderState {
  /** By names of documents: those could be called as what every object has. */
  readonly #done: Map<string, Done>
  #jobs: OpenJob[]
  #writing: Promise<void> = Promise.resolve()
  #waiting: Promise<void> | undefined

  private constructor(readonly folder: string, { done, jobs }: Kept) {
    this.#done = new Map(Object.entries(done))
    this.#jobs = jobs
  }

  /** @throws Error where the file is none of ours */
  static async read(folder: string): Promise<FolderState> {
    const file = join(folder, STATE_FILE)
    const size = await Deno.stat(file).then(({ size }) => size, () => undefined)
    if (size === undefined) return new FolderState(folder, { schema: SCHEMA, done: {}, jobs: [] })
    const kept = size > MOST_BYTES ? undefined : await readKept(file)
    if (kept !== undefined) return new FolderState(folder, kept)
    throw new Error(
      `Cannot use ${file}: it does not say what was read. Remove it, and all is read anew`,
    )
  }

  /** Those that were under way at a coordinator. */
  jobsAt(url: string): OpenJob[] {
    return this.#jobs.filter((job) => job.url === url)
  }

  /** Whether it was read as it is now, with all that is asked for still there. */
  async has(found: Found, outputs: readonly JobOutput[]): Promise<boolean> {
    const done = this.#done.get(found.name)
    if (done === undefined || !await isVersion(found, done)) return false
    for (const output of outputs) {
      const name = done.outputs[output]
      const there = name !== undefined &&
        await Deno.stat(join(this.folder, name)).then(({ isFile }) => isFile, () => false)
      if (!there) return false
    }
    return true
  }

  async began(job: OpenJob): Promise<void> {
    this.#jobs.push(job)
    await this.#write()
  }

  async wrote({ name, ...version }: OpenJob['documents'][number], outputs: Done['outputs']) {
    this.#done.set(name, { ...version, outputs })
    await this.#write()
  }

  async ended({ id, url }: OpenJob): Promise<void> {
    this.#jobs = this.#jobs.filter((job) => job.id !== id || job.url !== url)
    await this.#write()
  }

  /** One is under way and one waits at most: what waits has all that came meanwhile. */
  #write(): Promise<void> {
    this.#waiting ??= this.#writing = this.#writing.catch(() => {}).then(() => {
      this.#waiting = undefined
      const kept = { schema: SCHEMA, done: Object.fromEntries(this.#done), jobs: this.#jobs }
      return replaceFile(join(this.folder, STATE_FILE), JSON.stringify(kept, null, 1) + '\n')
    })
    return this.#waiting
  }
}

async function readKept(file: string): Promise<Kept | undefined> {
  try {
    const kept = JSON.parse(await Deno.readTextFile(file)) as Kept
    const isOurs = kept.schema === SCHEMA && typeof kept.done === 'object' &&
      Array.isArray(kept.jobs) && kept.jobs.every(({ documents }) => Array.isArray(documents))
    return isOurs ? kept : undefined
  } catch {
    return undefined
  }
}

/** What was copied anew has another time, and says the same. */
export async function isVersion(found: Found, version: Version): Promise<boolean> {
  return found.bytes === version.bytes &&
    (found.mtimeMs === version.mtimeMs || await hashOfFile(found.path) === version.sha256)
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  using file = await Deno.open(path)
  for await (const chunk of file.readable) hash.update(chunk)
  return hash.digest('hex')
}
