/**
 * `/v1/files` and `/v1/batches`: many calls in a file, answered in the background.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import { ApiError } from '../../core/api_error.ts'
import type { Access } from '../../http/access/access.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { readBody } from '../../http/bodies/body.ts'
import { ELEMENTS, parseAs } from '../../http/bodies/json.ts'
import { wantsBody } from '../../http/wants_body.ts'
import { streamOf } from '../../jobs/file_stream.ts'
import type { Job } from '../../jobs/job.ts'
import type { Jobs } from '../../jobs/jobs.ts'
import { JOBS } from '../../jobs/params.ts'
import type { FileRow } from '../../jobs/types.ts'
import type { Pool } from '../../pool/pool.ts'
import { dropForm, type Form, receiveForm } from '../jobs/upload.ts'
import {
  batchRequest,
  type OpenAiBatch,
  type OpenAiFile,
  PURPOSES,
  WINDOW,
} from './batch_schemas.ts'

const DAY_MS = 86_400_000
const BODY_MS = 30_000
/** Bytes of a new batch: some names, and metadata. */
const MAX_BATCH_BYTES = 65_536
const MOST_LISTED = 10_000
const USUALLY_LISTED = 20

export interface BatchRoutes {
  pool: Pool
  jobs: Jobs
  access: Access
  now: () => number
}

export function mountBatches(app: Hono, { pool, jobs, access, now }: BatchRoutes): void {
  const { folder, files } = jobs

  app.post('/v1/files', async (c) => {
    const { owner } = access.holder(c)
    // Checked before the file is read: a file without room would be read for nothing.
    files.room.hold(1, owner)
    let form: Form | undefined
    try {
      form = await jobs.receive(
        leftAddress(c),
        () => receiveForm(c.req.raw, folder, owner, pool.draining),
      )
      const [purpose = ''] = form.fields.get('purpose') ?? []
      if (!PURPOSES.some((one) => one === purpose)) {
        throw bad('purpose', `must be one of ${PURPOSES.join(', ')}`)
      }
      const [file] = form.files
      if (file === undefined || form.files.length > 1) throw bad('file', 'must be one file')
      const { name, bytes, path } = file
      return c.json(fileOf(await files.add({ name, bytes, purpose, owner }, path)))
    } finally {
      files.room.take(-1, owner)
      if (form !== undefined) await dropForm(form, folder)
    }
  })
  app.get('/v1/files', (c) => {
    const purpose = c.req.query('purpose')
    const all = files.list(access.holder(c)).map(fileOf)
      .filter((file) => purpose === undefined || file.purpose === purpose)
    return c.json(pageOf(c, c.req.query('order') === 'asc' ? all : all.reverse(), MOST_LISTED))
  })
  const named = (c: Context) => files.get(access.holder(c), c.req.param('id')!)
  app.get('/v1/files/:id', (c) => c.json(fileOf(named(c))))
  app.get('/v1/files/:id/content', async (c) => {
    const row = named(c)
    const body = wantsBody(c) ? streamOf(await files.pathOf(row)) : ''
    return c.body(body, 200, {
      'content-type': 'application/octet-stream',
      'content-length': String(row.bytes),
    })
  })
  app.delete('/v1/files/:id', async (c) => {
    const row = named(c)
    await files.remove(row)
    return c.json({ id: row.id, object: 'file', deleted: true })
  })

  app.post('/v1/batches', async (c) => {
    const arrivedMs = now()
    const { deadlines, draining } = pool
    const bytes = await readBody(c.req.raw, deadlines, arrivedMs, arrivedMs + BODY_MS, {
      ...{ address: leftAddress(c), draining },
    })
    if (bytes.byteLength > MAX_BATCH_BYTES) {
      const message = `Cannot take a body of over ${MAX_BATCH_BYTES} bytes: lines go into a file`
      throw new ApiError('too_large', message)
    }
    const request = parseAs(batchRequest, bytes, ELEMENTS, true)
    const viewer = access.holder(c)
    const input = files.get(viewer, request.input_file_id)
    const path = await folder.temporary()
    const { owner } = viewer
    const file = { field: 'file', name: input.name, bytes: input.bytes, path, owner }
    await files.share(input, path, owner)
    try {
      const job = await jobs.create({
        ...{ owner, kind: 'batch', pipeline: request.endpoint, webhook: null },
        ...{ byMs: jobs.wallMs() + DAY_MS, output: [] },
        batch: {
          ...{
            endpoint: request.endpoint,
            inputFileId: input.id,
            metadata: request.metadata ?? null,
          },
          ...{ outputFileId: null, errorFileId: null, cancellingAtMs: null },
        },
      }, [file])
      return c.json(batchOf(job))
    } finally {
      await dropForm({ files: [file] }, folder)
    }
  })
  const batches = (c: Context) =>
    jobs.list(access.holder(c)).filter(({ row }) => row.batch !== null)
  const one = (c: Context): Job => {
    const id = c.req.param('id')!
    const found = batches(c).find((job) => job.id === id)
    if (found !== undefined) return found
    throw new ApiError('not_found', `Cannot find batch ${id.slice(0, 100)}`)
  }
  app.get('/v1/batches', (c) => c.json(pageOf(c, batches(c).map(batchOf), USUALLY_LISTED)))
  app.get('/v1/batches/:id', (c) => c.json(batchOf(one(c))))
  app.post('/v1/batches/:id/cancel', async (c) => {
    const job = one(c)
    await jobs.cancel(job)
    return c.json(batchOf(job))
  })
}

const bad = (param: string, what: string) =>
  new ApiError('invalid_input', `Cannot use ${param}: ${what}`, undefined, param)

const seconds = (ms: number): number => Math.floor(ms / 1000)
const secondsIf = (is: boolean, ms: number | null) => is && ms !== null ? seconds(ms) : null

const fileOf = ({ id, bytes, createdAtMs, name, purpose }: FileRow): OpenAiFile => ({
  ...{ id, object: 'file', bytes, created_at: seconds(createdAtMs), filename: name },
  expires_at: seconds(createdAtMs + JOBS.keptMs),
  purpose: purpose as OpenAiFile['purpose'],
  status: 'processed',
  // Mistral's clients need these fields.
  ...purpose === 'ocr' ? { sample_type: 'ocr_input', source: 'upload' } : {},
})

function batchOf({ row, documents, isCounted, parts }: Job): OpenAiBatch {
  const batch = row.batch!
  const { done, failed, pages, error } = documents[0]!
  const { endedAtMs } = row
  const isFailed = row.state === 'failed'
  const status = row.state === 'done'
    ? 'completed'
    : row.state === 'cancelled' || row.state === 'failed'
    ? row.state
    : !isCounted
    ? 'validating'
    : parts === 0
    ? 'finalizing'
    : 'in_progress'
  return {
    ...{ id: row.id, object: 'batch', endpoint: batch.endpoint as OpenAiBatch['endpoint'] },
    errors: error === null ? null : {
      object: 'list',
      data: [{
        code: error.reason,
        message: error.message,
        line: lineIn(error.message),
        param: null,
      }],
    },
    ...{ input_file_id: batch.inputFileId, completion_window: WINDOW, status },
    ...{ output_file_id: batch.outputFileId, error_file_id: batch.errorFileId },
    created_at: seconds(row.createdAtMs),
    in_progress_at: secondsIf(true, row.startedAtMs),
    expires_at: secondsIf(true, row.byMs),
    finalizing_at: secondsIf(status === 'completed', endedAtMs),
    completed_at: secondsIf(status === 'completed', endedAtMs),
    failed_at: secondsIf(isFailed, endedAtMs),
    expired_at: null,
    cancelling_at: secondsIf(true, batch.cancellingAtMs),
    cancelled_at: secondsIf(status === 'cancelled', endedAtMs),
    request_counts: { total: pages ?? 0, completed: done, failed },
    metadata: batch.metadata,
  }
}

function lineIn(message: string): number | null {
  const found = /\bline (\d+)/.exec(message)?.[1]
  return found === undefined ? null : Number(found)
}

/** The page of a list by `limit` and `after`. */
function pageOf<T extends { id: string }>(c: Context, all: T[], usual: number) {
  const limit = Number(c.req.query('limit') ?? usual)
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_LISTED) {
    throw bad('limit', `must be an integer 1..${MOST_LISTED}`)
  }
  const after = c.req.query('after')
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
  const data = all.slice(start, start + limit)
  return {
    ...{ object: 'list', data, has_more: start + limit < all.length },
    ...{ first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null },
  }
}
