/**
 * `POST /v1/pipelines/{name}/infer` with `accept: text/event-stream`: the text of the task that
 * generates as it comes, then the answer.
 *
 * @module
 */
import type { Context } from 'hono'
import { generateTaskOf, generatingTask, takesText } from '../../../pipeline/generate.ts'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { queryTensors } from '../../../pipeline/takes.ts'
import { ApiError, secondsOf } from '../../core/api_error.ts'
import { goneOf } from '../../core/gone.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { readBody } from '../../http/bodies/body.ts'
import { readEncoding } from '../../http/bodies/inflate.ts'
import type { InferParts } from '../common/infer_parts.ts'
import { readContentType, readInferHeaders } from '../common/infer_request.ts'
import { budgetOf, readPace } from '../generate/pace.ts'
import { boundPayload } from '../generate/prompt.ts'
import { run } from '../generate/running.ts'
import { eventOf, streamed } from '../generate/stream.ts'
import { bodyOf } from './infer_body.ts'

const STREAM = 'text/event-stream'

/** Whether a call wants a streamed answer. */
export const asksForStream = (headers: Headers, pipeline: Pipeline | undefined): boolean =>
  pipeline !== undefined && headers.get('accept')?.includes(STREAM) === true &&
  generatingTask(pipeline) !== undefined

/** @throws ApiError where it fails before the first text */
export async function inferStream(c: Context, name: string, parts: InferParts): Promise<Response> {
  const { pool, bodies, now, peers, schemas } = parts
  const { versions, telemetry, deadlines, draining } = pool
  const arrivedMs = now()
  const served = versions.enter(name)
  const { pipeline } = served
  let running: ReturnType<typeof run> | undefined
  try {
    const request = c.req.raw
    const gone = goneOf(c, peers)
    const wanted = readInferHeaders(request.headers, pipeline.sloMs)
    const pace = readPace(request.headers)
    const { context, maxTokens = context } = generateTaskOf(
      pipeline.tasks[generatingTask(pipeline)!]!,
    )
    const budgetMs = budgetOf(request.headers, wanted.budgetMs, pace, maxTokens, pipeline.sloMs)
    const takes = queryTensors(pipeline)
    const text = takesText(pipeline)
    const type = readContentType(request.headers, takes, text)
    const address = leftAddress(c)
    const encoding = readEncoding(request.headers)
    const lateMs = arrivedMs + budgetMs
    const bytes = await readBody(request, deadlines, arrivedMs, lateMs, { address, draining })
    const { payloads: [payload] } = await bodies.read({
      ...{ form: { api: 'v1', type, takes, text }, bytes, encoding, lateMs, address },
    })
    const bound = await boundPayload(pipeline, payload!, schemas, { lateMs, address })
    running = run(parts, {
      ...{ ...wanted, ...pace, served, payload: bound, arrivedMs, budgetMs, gone },
      holder: address,
    })
    return await streamed(c, running, parts, {
      piece: (text) => eventOf({ text }, 'text'),
      end: ({ answer, latencyMs, modelledJ }) =>
        eventOf(
          bodyOf(answer, pool, pipeline, { ...wanted, budgetMs }, latencyMs, modelledJ),
          'answer',
        ),
      fault: ({ message, reason, retryAfterMs }) =>
        eventOf({
          ...{ error: message, reason },
          ...retryAfterMs === undefined ? {} : { retryAfterS: secondsOf(retryAfterMs) },
        }, 'error'),
    })
  } catch (error) {
    if (running === undefined) {
      const reason = error instanceof ApiError ? error.reason : undefined
      telemetry.requestFailed(pipeline.name, now() - arrivedMs, reason)
      versions.leave(served)
    }
    throw error
  }
}
