/**
 * The common part of calls that generate: reads the body, finds the pipeline, submits the query.
 *
 * @module
 */
import type { Context } from 'hono'
import { generateTaskOf, generatingTask } from '../../../pipeline/generate.ts'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { ApiError } from '../../core/api_error.ts'
import { goneOf } from '../../core/gone.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { readBody } from '../../http/bodies/body.ts'
import { readEncoding } from '../../http/bodies/inflate.ts'
import type { InferParts } from '../common/infer_parts.ts'
import { MAX_TIMEOUT_MS, readInferHeaders } from '../common/infer_request.ts'
import { budgetOf, readPace } from './pace.ts'
import { boundAsk, payloadOf } from './prompt.ts'
import { run, type Running } from './running.ts'
import type { TextQuery } from './text_query.ts'

export interface Submitted {
  /** The caller's id, or one made here. */
  id: string
  text: TextQuery
  pipeline: Pipeline
  running: Running
}

/** Finds the pipeline of a call, and its least accuracy. @throws ApiError where there is none */
export type Find = (
  text: TextQuery,
) => { name: string; floorOf?: (of: Pipeline) => number | undefined }

/** @throws ApiError */
export async function submitText(
  c: Context,
  api: 'generate' | 'chat' | 'completion',
  find: Find,
  parts: InferParts,
): Promise<Submitted> {
  const { pool, bodies, now, peers, schemas } = parts
  const { versions, telemetry, deadlines, draining } = pool
  const arrivedMs = now()
  const { headers } = c.req.raw
  checkContentType(headers)
  const wanted = readInferHeaders(headers, MAX_TIMEOUT_MS)
  const pace = readPace(headers)
  const address = leftAddress(c)
  const lateMs = arrivedMs + wanted.budgetMs
  const encoding = readEncoding(headers)
  const gone = goneOf(c, peers)
  const bytes = await readBody(c.req.raw, deadlines, arrivedMs, lateMs, { address, draining })
  const read = await bodies.read({ form: { api }, bytes, encoding, lateMs, address })
  const text = read.text!
  const { name, floorOf } = find(text)
  const served = versions.enter(name)
  const { pipeline } = served
  try {
    const task = generatingTask(pipeline)
    if (task === undefined) {
      const message = `Cannot use ${name}: it generates no text: ask /v1/pipelines/${name}/infer`
      throw new ApiError('unknown_pipeline', message)
    }
    const ask = await boundAsk(pipeline, text, schemas, { lateMs, address })
    const { context, maxTokens = context } = generateTaskOf(pipeline.tasks[task]!)
    const most = ask.maxTokens ?? maxTokens
    const floors = [floorOf?.(pipeline), wanted.minAccuracy].filter((one) => one !== undefined)
    const running = run(parts, {
      ...{ served, id: wanted.id, arrivedMs, gone, prefer: wanted.prefer, holder: address },
      payload: payloadOf(pipeline, text, read.payloads, ask),
      budgetMs: budgetOf(headers, wanted.budgetMs, pace, most, pipeline.sloMs),
      ...pace,
      ...floors.length === 0 ? {} : { minAccuracy: Math.max(...floors) },
    })
    return { id: wanted.id, text, pipeline, running }
  } catch (error) {
    const reason = error instanceof ApiError ? error.reason : undefined
    telemetry.requestFailed(pipeline.name, now() - arrivedMs, reason)
    versions.leave(served)
    throw error
  }
}

/** A client may leave the type out. @throws ApiError `unsupported_type` */
function checkContentType(headers: Headers): void {
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  if (type === '' || type === 'application/json') return
  throw new ApiError(
    'unsupported_type',
    `Cannot take content-type ${type.slice(0, 40)}: send application/json`,
  )
}
