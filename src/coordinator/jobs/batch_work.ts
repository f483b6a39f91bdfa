/**
 * Batches as OpenAI has them: each line of a file is a call, made through the coordinator's own
 * handlers; what they answer becomes the lines of two other files.
 *
 * @module
 */
import { open, rm } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { z } from 'zod'
import { ApiError, STATUS } from '../api_error.ts'
import { errorOf } from '../openai/errors.ts'
import type { Files } from './files.ts'
import type { Folder } from './folder.ts'
import type { Job } from './job.ts'
import { JOBS } from './params.ts'
import { readDocument } from './part_files.ts'
import { type Asking, DocumentFault, type Work } from './work.ts'

/** Asks one of the coordinator's handlers, as a call over HTTP would. */
export type Handle = (path: string, body: string, asking: Asking) => Promise<Response>

const NEWLINE = 10
const MAX_ID = 512
/** Bytes read at once: a line may be of many times as many. */
const CHUNK = 1024 * 1024

const lineSchema = z.object({
  custom_id: z.string().min(1).max(MAX_ID),
  method: z.literal('POST'),
  url: z.string(),
  body: z.record(z.string(), z.unknown()),
})
type Line = z.infer<typeof lineSchema>

interface AnsweredLine {
  index: number
  status: number
  requestId: string
  body: unknown
}

/** Where each line begins and ends. */
type Places = [from: number, to: number][]

export function createBatchWork(folder: Folder, files: Files, handle: () => Handle): Work {
  const known = new Map<string, Places>()
  const inputOf = ({ id }: Job) => folder.path(id, 'in', '0')

  async function lineAt(job: Job, index: number): Promise<Line> {
    const [from, to] = known.get(job.id)![index]!
    const file = await open(await inputOf(job))
    try {
      const bytes = new Uint8Array(to - from)
      await file.read(bytes, 0, bytes.length, from)
      return readLine(bytes, index)
    } finally {
      await file.close()
    }
  }

  return {
    async open(job) {
      const places: Places = []
      const ids = new Set<string>()
      for await (const { bytes, from } of linesOf(await inputOf(job))) {
        if (places.length >= JOBS.lines) throw wrong('too_large', `over ${JOBS.lines} lines`)
        const { custom_id, url, body } = readLine(bytes, places.length)
        const at = `line ${places.length + 1}: `
        if (ids.has(custom_id)) throw wrong('invalid_input', `${at}custom_id is there twice`)
        if (url !== job.row.batch!.endpoint) {
          throw wrong('invalid_input', `${at}url must be the batch's ${job.row.batch!.endpoint}`)
        }
        if (body['stream'] === true) {
          throw wrong('invalid_input', `${at}a call of a batch cannot stream`)
        }
        ids.add(custom_id)
        places.push([from, from + bytes.length])
      }
      if (places.length === 0) throw wrong('invalid_input', 'it has no lines')
      known.set(job.id, places)
      return { type: 'application/jsonl', pages: places.length, unitPages: 1 }
    },

    async ask(job, { from }, asking) {
      const { url, body } = await lineAt(job, from)
      const response = await handle()(url, JSON.stringify(body), asking)
      const answer = await response.json()
      if (response.ok) {
        const line = { index: from, status: response.status, requestId: asking.id, body: answer }
        return { pages: [line], failed: [] }
      }
      const { code, message, param } = answer.error
      const retryAfterS = Number(response.headers.get('retry-after') ?? 0)
      // An unknown model is so for good: the batch names it, and the caller sees the line.
      const reason = code === 'model_not_found' ? 'invalid_input' : code
      throw new ApiError(reason, message, retryAfterS * 1000, param ?? undefined)
    },

    async finish(job) {
      const { pages, failed } = await readDocument(folder, job.id, 0)
      const batch = job.row.batch!
      const ids = (index: number) => ({ id: `${job.id}_${index}` })
      batch.outputFileId ??= await keepLines(job, 'output', pages.length, async (i) => {
        const { index, status, requestId, body } = pages[i] as AnsweredLine
        const { custom_id } = await lineAt(job, index)
        const response = { status_code: status, request_id: requestId, body }
        return { ...ids(index), custom_id, response, error: null }
      })
      batch.errorFileId ??= await keepLines(job, 'error', failed.length, async (i) => {
        const { index, reason, message } = failed[i]!
        const { custom_id } = await lineAt(job, index)
        const fault = new ApiError(reason as ApiError['reason'], message)
        const status_code = STATUS[fault.reason] ?? 500
        const response = { status_code, request_id: `${job.id}.${index}`, body: errorOf(fault) }
        return { ...ids(index), custom_id, response, error: null }
      })
      known.delete(job.id)
      return []
    },
  }

  /** Null where there are none. */
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
        // What was answered is kept in any case: there is room that was held for it.
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

const wrong = (reason: string, what: string) =>
  new DocumentFault({ reason, message: `Cannot use the batch's file: ${what}` })

function readLine(bytes: Uint8Array, index: number): Line {
  const at = `line ${index + 1}`
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw wrong('invalid_input', `${at} is no JSON`)
  }
  const read = lineSchema.safeParse(json)
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  throw wrong('invalid_input', `${at}: ${path.join('.') || 'it'}: ${message}`)
}

/** Lines that are not empty, each with where it begins. */
async function* linesOf(path: string): AsyncGenerator<{ bytes: Uint8Array; from: number }> {
  let rest = new Uint8Array()
  let from = 0
  const lineOf = (bytes: Uint8Array) => {
    const one = { bytes, from }
    return bytes.some((byte) => byte > 32) ? one : undefined
  }
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) {
    const bytes = new Uint8Array(rest.length + chunk.length)
    bytes.set(rest)
    bytes.set(chunk, rest.length)
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const line = lineOf(bytes.subarray(start, end))
      if (line !== undefined) yield line
      from += end + 1 - start
      start = end + 1
    }
    rest = bytes.slice(start)
    if (rest.length > JOBS.lineBytes) {
      throw wrong('too_large', `a line has over ${JOBS.lineBytes} bytes`)
    }
  }
  const last = lineOf(rest)
  if (last !== undefined) yield last
}
