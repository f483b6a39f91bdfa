/**
 * Batches of OpenAI's API: each line of a file is a call, made through the coordinator's own
 * handlers; the answers become the lines of two other files.
 *
 * @module
 */
import { open, rm } from 'node:fs/promises'
import { ApiError, STATUS } from '../core/api_error.ts'
import type { Deadlines } from '../core/deadlines.ts'
import { createWorkerCalls } from '../core/worker_calls.ts'
import { OF_LINE, type ReadLines } from './batch_lines.ts'
import { streamOf } from './file_stream.ts'
import type { Files } from './files.ts'
import type { Folder } from './folder.ts'
import { type Job, STOPPED } from './job.ts'
import type { Place } from './members.ts'
import { JOBS } from './params.ts'
import { readDocument } from './part_files.ts'
import { DocumentFault, type QueryTerms, type Work } from './work.ts'

/** JSON as it is in a file. */
export interface BodyStream {
  bytes: number
  stream: ReadableStream<Uint8Array>
}

/** The API whose calls the lines of a batch are. */
export interface BatchApi {
  /** Calls one of the coordinator's handlers, as a call over HTTP would. */
  call(path: string, body: BodyStream, terms: QueryTerms): Promise<Response>
  /** The body of an error's response. */
  errorBody(error: ApiError): unknown
}

interface AnsweredLine {
  index: number
  status: number
  requestId: string
  body: unknown
}

export interface BatchParts {
  folder: Folder
  files: Files
  api: () => BatchApi
  now: () => number
  deadlines: Deadlines
  /** Starts `workers/batches.ts`. */
  createWorker: () => Worker
}

export interface BatchWork extends Work {
  /** Ends the reading of a file. */
  stop(): void
}

export function createBatchWork({ folder, files, api, ...worker }: BatchParts): BatchWork {
  const calls = createWorkerCalls<ReadLines>({
    ...{ ...worker, what: "read the batch's file", endsIdle: true },
  })
  /** Places of each job's lines; see `OF_LINE`. */
  const placesOfJob = new WeakMap<Job, Float64Array>()
  const inputOf = ({ id }: Job) => folder.path(id, 'in', '0')

  function placesOf(job: Job, index: number): { id: Place; body: Place } {
    const [idFrom = 0, idTo = 0, from = 0, to = 0] = placesOfJob.get(job)!.subarray(index * OF_LINE)
    return { id: [idFrom, idTo], body: [from, to] }
  }

  async function idOf(job: Job, index: number): Promise<string> {
    return await new Response(streamOf(await inputOf(job), ...placesOf(job, index).id)).json()
  }

  return {
    async open(job) {
      const path = await inputOf(job)
      const { endpoint } = job.row.batch!
      const lines = await calls.call(JOBS.linesMs, async (read) => await read(path, endpoint))
      if (!lines.ok) throw new DocumentFault(lines.fault)
      placesOfJob.set(job, lines.places)
      const pages = lines.places.length / OF_LINE
      return { type: 'application/jsonl', pages, unitPages: 1 }
    },

    async ask(job, { from: index }, terms) {
      const { body: [from, to] } = placesOf(job, index)
      const body = { bytes: to - from, stream: streamOf(await inputOf(job), from, to) }
      const response = await api().call(job.row.batch!.endpoint, body, terms)
      const answer = await response.json()
      if (response.ok) {
        const line = { index, status: response.status, requestId: terms.id, body: answer }
        return { pages: [line], failed: [] }
      }
      const { code, message, param } = answer.error
      const retryAfterS = Number(response.headers.get('retry-after') ?? 0)
      // An unknown model stays unknown: the batch names it, and the caller sees the line.
      const reason = code === 'model_not_found' ? 'invalid_input' : code
      throw new ApiError(reason, message, retryAfterS * 1000, param ?? undefined)
    },

    async finish(job) {
      const { pages, failed } = await readDocument(folder, job.id, 0)
      const batch = job.row.batch!
      const ids = (index: number) => ({ id: `${job.id}_${index}` })
      batch.outputFileId ??= await keepLines(job, 'output', pages.length, async (i) => {
        const { index, status, requestId, body } = pages[i] as AnsweredLine
        const custom_id = await idOf(job, index)
        const response = { status_code: status, request_id: requestId, body }
        return { ...ids(index), custom_id, response, error: null }
      })
      batch.errorFileId ??= await keepLines(job, 'error', failed.length, async (i) => {
        const { index, reason, message } = failed[i]!
        const custom_id = await idOf(job, index)
        const fault = new ApiError(reason as ApiError['reason'], message)
        const status_code = STATUS[fault.reason] ?? 500
        const body = api().errorBody(fault)
        const response = { status_code, request_id: `${job.id}.${index}`, body }
        return { ...ids(index), custom_id, response, error: null }
      })
      placesOfJob.delete(job)
      return []
    },

    stop: () => calls.end(STOPPED),
  }

  /** The id of the file; null where there are no lines. */
  async function keepLines(
    { id, row }: Job,
    what: string,
    count: number,
    lineOf: (i: number) => Promise<unknown>,
  ): Promise<string | null> {
    if (count === 0) return null
    const path = await folder.temporary()
    const { owner } = row
    let bytes = 0
    const file = await open(path, 'w', 0o600)
    try {
      for (let i = 0; i < count; i++) {
        const line = new TextEncoder().encode(`${JSON.stringify(await lineOf(i))}\n`)
        // Answers are kept in any case: room was held for them.
        folder.take(line.length, owner)
        bytes += line.length
        await file.write(line)
      }
      await file.sync()
    } catch (error) {
      folder.take(-bytes, owner)
      await rm(path, { force: true })
      throw error
    } finally {
      await file.close()
    }
    const kept = { name: `${id}_${what}.jsonl`, purpose: 'batch_output', bytes, owner }
    return (await files.add(kept, path)).id
  }
}
