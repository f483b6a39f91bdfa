/**
 * From `POST /v1/jobs` to a job: its options, and its files on disk.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises'
import type { Context } from 'hono'
import type { Output } from '../../../documents/documents.ts'
import { takesText } from '../../../pipeline/generate.ts'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { queryTensors } from '../../../pipeline/takes.ts'
import { ApiError } from '../../core/api_error.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { readBody } from '../../http/bodies/body.ts'
import { readEncoding } from '../../http/bodies/inflate.ts'
import { readWebhookUrl } from '../../jobs/address.ts'
import { readsDocuments } from '../../jobs/documents/parts.ts'
import { readDueTime } from '../../jobs/due_time.ts'
import type { Viewer } from '../../jobs/files.ts'
import type { NewJob } from '../../jobs/job.ts'
import { type UploadedFile } from '../../jobs/job.ts'
import type { Jobs } from '../../jobs/jobs.ts'
import { JOBS } from '../../jobs/params.ts'
import type { WebhookRow } from '../../jobs/types.ts'
import { checkSecret, makeSecret } from '../../jobs/webhook.ts'
import type { Pool } from '../../pool/pool.ts'
import type { Form } from '../bodies/query.ts'
import type { BodyReader } from '../bodies/reader.ts'
import type { BodyQuery } from '../oip/request.ts'
import { jobOptions } from './schemas.ts'
import { cleanName, dropForm, fileTooLarge, jobTooLarge, receiveForm } from './upload.ts'

const USUAL = 'documents'
const FORM = 'multipart/form-data'
const BODY_MS = 30_000

export interface JobRequest {
  job: NewJob
  files: UploadedFile[]
  /** A secret made here, shown once in the answer. */
  madeSecret: string | undefined
}

export interface RequestParts {
  jobs: Jobs
  pool: Pool
  bodies: BodyReader
  now: () => number
}

/**
 * @param near whether its webhook may call this machine or its network
 * @throws ApiError; then nothing is left on disk
 */
export async function readJob(
  c: Context,
  { jobs, pool, bodies, now }: RequestParts,
  viewer: Viewer,
  near: boolean,
): Promise<JobRequest> {
  const type = (c.req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  let options: Options
  let files: UploadedFile[] = []
  try {
    if (type === FORM) {
      const form = await receiveForm(c.req.raw, jobs.folder, viewer.owner, pool.draining)
      files = form.files
      options = optionsOf(form.fields)
    } else if (type === 'application/json') {
      const arrivedMs = now()
      const { deadlines, draining } = pool
      const address = leftAddress(c)
      const lateMs = arrivedMs + BODY_MS
      const encoding = readEncoding(c.req.raw.headers)
      const body = await readBody(c.req.raw, deadlines, arrivedMs, lateMs, { address, draining })
      const form: Form = { api: 'job' }
      const read = await bodies.read({ form, bytes: body, encoding, lateMs, address })
      options = read.job!
      let bytes = 0
      for (const { meta: { file } } of read.payloads) {
        if (file !== undefined) bytes += jobs.files.get(viewer, String(file)).bytes
        if (bytes > JOBS.jobBytes) throw jobTooLarge()
      }
      for (const input of read.payloads) {
        files.push(await keepInput(jobs, viewer, input, files.length))
      }
    } else {
      throw new ApiError(
        'unsupported_type',
        `Cannot take content-type ${type.slice(0, 40) || '(none)'}: send ${FORM} or ` +
          'application/json',
      )
    }
    if (files.length === 0) {
      throw new ApiError('invalid_input', 'Cannot take the job: it has no files: send at least one')
    }
    return { ...await jobOf(options, pool, viewer, near, jobs.wallMs()), files }
  } catch (error) {
    await dropForm({ files }, jobs.folder)
    throw error
  }
}

type Options = NonNullable<BodyQuery['job']>
type Input = BodyQuery['payloads'][number]

async function jobOf(
  { pipeline: name = USUAL, by, deadlineMs, webhook, output }: Options,
  { versions }: Pool,
  { owner }: Viewer,
  near: boolean,
  wallMs: number,
): Promise<Omit<JobRequest, 'files'>> {
  // The pipeline has to be served now; later it may be away for a while.
  const pipeline = await versions.serve(name, (pipeline) => Promise.resolve(pipeline))
  const kind = kindOf(pipeline, name)
  const hook = await webhookOf(webhook, near)
  return {
    madeSecret: hook?.made,
    job: {
      ...{ owner, kind, pipeline: name, byMs: readDueTime(by, deadlineMs, wallMs), batch: null },
      output: kind === 'queries' ? queriesOutput(output, name) : [...new Set(output ?? TEXTS)],
      webhook: hook?.row ?? null,
    },
  }
}

const TEXTS: Output[] = ['text', 'json']

/** @throws ApiError `invalid_input` for a pipeline that takes no files */
function kindOf(pipeline: Pipeline, name: string): 'documents' | 'queries' {
  if (readsDocuments(pipeline)) return 'documents'
  if (takesText(pipeline) || queryTensors(pipeline) === undefined) return 'queries'
  const message = `Cannot use ${name} for a job: it takes tensors; jobs are of documents, ` +
    'pictures and texts'
  throw new ApiError('invalid_input', message, undefined, 'pipeline')
}

function queriesOutput(output: readonly Output[] | undefined, name: string): Output[] {
  if (output === undefined || output.every((one) => one === 'json')) return ['json']
  const message = `Cannot use output: ${name} answers with json alone`
  throw new ApiError('invalid_input', message, undefined, 'output')
}

async function webhookOf(
  wanted: Options['webhook'],
  near: boolean,
): Promise<{ row: WebhookRow; made: string | undefined } | undefined> {
  if (wanted === undefined) return undefined
  const { url, secret, progress = false } = typeof wanted === 'string' ? { url: wanted } : wanted
  const made = secret === undefined ? makeSecret() : undefined
  const row: WebhookRow = {
    ...{ url: await readWebhookUrl(url, near), secret: made ?? checkSecret(secret!) },
    ...{ progress, near, state: 'waiting', tries: 0 },
  }
  return { row, made }
}

/** Options from the fields of a form: lists with commas, or as several fields. */
function optionsOf(fields: Map<string, string[]>): Options {
  const raw: Record<string, unknown> = {}
  for (const [name, values] of fields) {
    const [first = ''] = values
    if (name === 'output') {
      raw[name] = values.flatMap((value) => value.split(',')).map((one) => one.trim())
    } else if (name === 'deadlineMs') raw[name] = /^\d{1,12}$/.test(first) ? Number(first) : first
    else if (name === 'webhook' && first.startsWith('{')) raw[name] = jsonOf(first)
    else if (first !== '') raw[name] = first
  }
  const read = jobOptions.safeParse(raw)
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  const where = path.join('.') || 'the form'
  const names = `fields are ${Object.keys(jobOptions.shape).join(', ')}`
  throw new ApiError('invalid_input', `Cannot use ${where}: ${message}: ${names}`)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError('invalid_input', 'Cannot use webhook: it is no JSON')
  }
}

async function keepInput(
  { folder, files }: Jobs,
  viewer: Viewer,
  { meta, bytes }: Input,
  n: number,
): Promise<UploadedFile> {
  const [name, file] = [meta['name'], meta['file']] as (string | undefined)[]
  const path = await folder.temporary()
  const { owner } = viewer
  if (file !== undefined) {
    const row = files.get(viewer, file)
    await files.share(row, path, owner)
    return { field: 'file', name: cleanName(name ?? row.name), bytes: row.bytes, path, owner }
  }
  const clean = cleanName(name ?? `document-${n + 1}`)
  if (bytes.byteLength > JOBS.fileBytes) throw fileTooLarge(clean)
  folder.hold(bytes.byteLength, owner)
  await writeFile(path, bytes, { mode: 0o600, flush: true })
  return { field: 'data', name: clean, bytes: bytes.byteLength, path, owner }
}
