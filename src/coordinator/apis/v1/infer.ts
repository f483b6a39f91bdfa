/**
 * `POST /v1/pipelines/{name}/infer`: one query in, exactly one answer out, by its deadline.
 *
 * Written as one function: each further asynchronous function costs every query some time.
 *
 * @module
 */
import type { Context } from 'hono'
import { takesDocument } from '../../../pipeline/documents.ts'
import { takesText } from '../../../pipeline/generate.ts'
import { queryTensors } from '../../../pipeline/takes.ts'
import { ApiError } from '../../core/api_error.ts'
import { goneOf } from '../../core/gone.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { respondWhole } from '../../http/access/headers.ts'
import { readBody } from '../../http/bodies/body.ts'
import { readEncoding } from '../../http/bodies/inflate.ts'
import { withTextChoice } from '../../http/inputs/document.ts'
import { resultOf, round, timingOf } from '../../pool/answer.ts'
import type { InferParts } from '../common/infer_parts.ts'
import { readContentType, readInferHeaders } from '../common/infer_request.ts'
import { boundPayload } from '../generate/prompt.ts'
import { bodyOf } from './infer_body.ts'

/** @throws ApiError where the query has no result */
export async function infer(c: Context, name: string, parts: InferParts): Promise<Response> {
  const { pool, bodies, history, now, log, peers, schemas } = parts
  const { versions, telemetry } = pool
  const arrivedMs = now()
  const served = versions.enter(name)
  const { pipeline } = served
  let isQuery = false
  try {
    const request = c.req.raw
    const gone = goneOf(c, peers)
    const headers = readInferHeaders(request.headers, pipeline.sloMs)
    const { id, budgetMs, minAccuracy, prefer, unverified } = headers
    const deadlineMs = arrivedMs + budgetMs
    const takes = queryTensors(pipeline)
    const text = takesText(pipeline)
    const document = takesDocument(pipeline)
    const type = readContentType(request.headers, takes, text, document)
    const address = leftAddress(c)
    const { deadlines, draining } = pool
    const encoding = readEncoding(request.headers)
    const bytes = await readBody(request, deadlines, arrivedMs, deadlineMs, { address, draining })
    const { payloads: [payload] } = await bodies.read({
      ...{ form: { api: 'v1', type, takes, text, document }, bytes, encoding, lateMs: deadlineMs },
      address,
    })
    const wanted = document ? withTextChoice(payload!, request.headers) : payload!
    const bound = await boundPayload(pipeline, wanted, schemas, { lateMs: deadlineMs, address })
    isQuery = true
    const { answer, answeredMs, modelledJ } = await pool.submit({
      ...{ pipeline: pipeline.name, payload: bound, arrivedMs, deadlineMs, gone, id },
      ...{ holder: address, unverified },
      ...(minAccuracy === undefined ? {} : { minAccuracy }),
      ...(prefer === undefined ? {} : { prefer }),
    })
    const finished = resultOf(answer)
    const latencyMs = round(answeredMs - arrivedMs)
    log.debug?.(`query ${id}: ${pipeline.name} in ${latencyMs} ms`, {
      ...{ event: 'query', id, pipeline: pipeline.name, latencyMs },
    })
    const body = bodyOf(finished, pool, pipeline, headers, latencyMs, round(modelledJ))
    const response = respondWhole(c, JSON.stringify(body), {
      'content-type': 'application/json',
      'server-timing': timingOf(latencyMs, body.stages, body.modelledJ),
    })
    telemetry.requestDone(pipeline.name, [finished], answeredMs - arrivedMs)
    history.took(name, answeredMs - arrivedMs)
    return response
  } catch (error) {
    // A fault before the query was made counts as rejected.
    const reason = !isQuery && error instanceof ApiError ? error.reason : undefined
    telemetry.requestFailed(pipeline.name, now() - arrivedMs, reason)
    throw error
  } finally {
    versions.leave(served)
  }
}
