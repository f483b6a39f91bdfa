/** @module Jobs: documents handed in to be read by a time, how far they are, and what came of them. */
import { ShoalError } from './error.ts'
import { readEvents } from './events.ts'
import { ENDINGS } from './job_facts.ts'
import type { JobEvent, JobInfo, JobOutput, JobResult } from './job_types.ts'
import { createSilence } from './silence.ts'

/** A document: its bytes, or a `File`, whose name is taken where none is given. */
export type JobFile = Blob | { name: string; data: Blob | BufferSource | string }

export interface JobOptions {
  /** `documents` by default. */
  pipeline?: string
  /** An instant, or the next time of day where the coordinator is, as `07:00`. */
  by?: string | Date
  /** From now on, in place of `by`. */
  deadlineMs?: number
  /** `text` and `json` by default. */
  output?: readonly JobOutput[]
  /** Told when the job has ended; a secret is made where there is none, and told in the answer. */
  webhook?: string | { url: string; secret?: string; progress?: boolean }
  signal?: AbortSignal
}

export interface JobsClient {
  /**
   * Sends documents. Resolves once they are kept: whatever happens to the coordinator, they are read.
   *
   * @example
   * ```ts
   * const job = await shoal.jobs.create([file], { by: '07:00', output: ['pdf'] })
   * for await (const { event, data } of shoal.jobs.events(job.id)) show(event, data)
   * const pdf = await shoal.jobs.result(job.id, 0, 'pdf')
   * ```
   */
  create(files: Iterable<JobFile>, options?: JobOptions): Promise<JobInfo>
  get(id: string, signal?: AbortSignal): Promise<JobInfo>
  /** Newest first, without their documents. */
  list(signal?: AbortSignal): Promise<JobInfo[]>
  /** What is done of it is kept. One that has ended stays as it is. */
  cancel(id: string): Promise<JobInfo>
  /** With all of its files, whether or not it has ended. */
  remove(id: string): Promise<void>
  /** Documents, with pages that failed. */
  results(id: string, signal?: AbortSignal): Promise<JobResult[]>
  /** An output of a document, by its place in the job. */
  result(id: string, document: number, output: JobOutput, signal?: AbortSignal): Promise<Blob>
  /** All outputs that there are by now. */
  zip(id: string, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>>
  /**
   * How far it is, and each page as it comes, until it has ended. Pages from before are not told again:
   * they are among the results.
   */
  events(id: string, signal?: AbortSignal, mostSilentMs?: number): AsyncGenerator<JobEvent>
}

type Open = (path: string, init?: RequestInit) => Promise<Response>

/** Two of the comments that come every 15 s where nothing else does, and some time for the way. */
const MOST_SILENT_MS = 35_000

export function createJobsClient(open: Open): JobsClient {
  const at = (id: string, rest = '') => `/v1/jobs/${encodeURIComponent(id)}${rest}`
  const json = async <T>(path: string, init?: RequestInit): Promise<T> => {
    const response = await open(path, init)
    return await response.json() as T
  }
  const by = (signal: AbortSignal | undefined): RequestInit => ({ signal: signal ?? null })

  return {
    create: (files, options = {}) =>
      json<JobInfo>('/v1/jobs', {
        method: 'POST',
        body: formOf(files, options),
        signal: options.signal ?? null,
      }),
    get: (id, signal) => json<JobInfo>(at(id), by(signal)),
    list: async (signal) => (await json<{ jobs: JobInfo[] }>('/v1/jobs', by(signal))).jobs,
    async cancel(id) {
      const job = await json<JobInfo>(at(id))
      const hasEnded = job.endedAt !== null
      return hasEnded ? job : await json<JobInfo>(at(id), { method: 'DELETE' })
    },
    remove: async (id) => {
      await open(at(id, '?purge'), { method: 'DELETE' })
    },
    results: async (id, signal) =>
      (await json<{ results: JobResult[] }>(at(id, '/results'), by(signal))).results,
    async result(id, document, output, signal) {
      const path = at(id, `/results/${document}${ENDINGS[output]}`)
      const response = await open(path, by(signal))
      return await response.blob()
    },
    async zip(id, signal) {
      const { body } = await open(at(id, '/results.zip'), by(signal))
      return body ?? new Blob([]).stream()
    },
    async *events(id, signal, mostSilentMs = MOST_SILENT_MS) {
      const silence = createSilence(mostSilentMs, signal)
      try {
        const { body } = await silence.until(open(at(id, '/events'), { signal: silence.signal }))
        if (body !== null) yield* readEvents<JobEvent>(body, silence.until)
      } catch (cause) {
        if (silence.signal.aborted) throw silence.signal.reason
        if (cause instanceof ShoalError) throw cause
        const message = 'Cannot go on: the stream broke off'
        throw new ShoalError(0, 'unreachable', message, undefined, { cause })
      } finally {
        silence.end()
      }
    },
  }
}

/** @throws TypeError for what is no document */
function formOf(files: Iterable<JobFile>, options: JobOptions): FormData {
  const { pipeline, by, deadlineMs, output, webhook } = options
  const form = new FormData()
  const fields = {
    pipeline,
    deadlineMs,
    output: output?.join(','),
    by: by instanceof Date ? by.toISOString() : by,
    webhook: typeof webhook === 'object' ? JSON.stringify(webhook) : webhook,
  }
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) form.append(name, String(value))
  }
  let n = 0
  for (const file of files) {
    n++
    if (file instanceof Blob) {
      const { name = `document-${n}` } = file as Partial<File>
      form.append('files', file, name)
    } else {
      const { name, data } = file
      form.append('files', data instanceof Blob ? data : new Blob([data as BlobPart]), name)
    }
  }
  return form
}
