/**
 * `POST /v1/pipelines/{name}/infer`: one query in, exactly one answer out, by its deadline.
 *
 * Written in one piece: each function in between that waits for another costs every query.
 *
 * @module
 */
import type { Context } from 'hono'
import type { InferAnswer } from '../client/types.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import { queryTensors } from '../pipeline/takes.ts'
import { publicName, versionOf } from '../pipeline/version.ts'
import { type Finished, resultOf, round, stagesOf, timingOf } from './answer.ts'
import { ApiError } from './api_error.ts'
import { assembleOutputs } from './assemble.ts'
import { leftAddress } from './doors/caller.ts'
import { respondWhole } from './doors/headers.ts'
import { readEncoding } from './bodies/inflate.ts'
import type { BodyReader } from './bodies/reader.ts'
import { readBody } from './body.ts'
import { goneOf, type Peers } from './gone.ts'
import type { History } from './history.ts'
import { type InferHeaders, readContentType, readInferHeaders } from './infer_request.ts'
import type { Log } from './log.ts'
import type { Pool } from './pool.ts'

export interface InferParts {
  pool: Pool
  bodies: BodyReader
  history: Pick<History, 'took'>
  now: () => number
  log: Log
  peers: Peers | undefined
}

/** @throws ApiError where there is no result */
export async function infer(c: Context, name: string, parts: InferParts): Promise<Response> {
  const { pool, bodies, history, now, log, peers } = parts
  const { versions, telemetry } = pool
  const arrivedMs = now()
  const served = versions.enter(name)
  const { pipeline } = served
  let isQuery = false
  try {
    const request = c.req.raw
    const gone = goneOf(c, peers)
    const headers = readInferHeaders(request.headers, pipeline.sloMs)
    const { id, budgetMs, minAccuracy, prefer } = headers
    const deadlineMs = arrivedMs + budgetMs
    const takes = queryTensors(pipeline)
    const type = readContentType(request.headers, takes)
    const address = leftAddress(c)
    const { deadlines, draining } = pool
    const encoding = readEncoding(request.headers)
    const bytes = await readBody(request, deadlines, arrivedMs, deadlineMs, { address, draining })
    const { payloads: [payload] } = await bodies.read({
      ...{ form: { api: 'v1', type, takes }, bytes, encoding, lateMs: deadlineMs, address },
    })
    isQuery = true
    const { answer, answeredMs, modelledJ } = await pool.submit({
      ...{ pipeline: pipeline.name, payload: payload!, arrivedMs, deadlineMs, gone, id },
      ...(minAccuracy === undefined ? {} : { minAccuracy }),
      ...(prefer === undefined ? {} : { prefer }),
    })
    const finished = resultOf(answer)
    const latencyMs = round(answeredMs - arrivedMs)
    log.debug?.(`query ${id}: ${pipeline.name} in ${latencyMs} ms`, {
      ...{ event: 'query', id, pipeline: pipeline.name, latencyMs },
    })
    const response = respond(c, finished, pool, pipeline, headers, latencyMs, round(modelledJ))
    telemetry.requestDone(pipeline.name, [finished], answeredMs - arrivedMs)
    history.took(name, answeredMs - arrivedMs)
    return response
  } catch (error) {
    // What fails before it is a query was none, and counts as rejected.
    const reason = !isQuery && error instanceof ApiError ? error.reason : undefined
    telemetry.requestFailed(pipeline.name, now() - arrivedMs, reason)
    throw error
  } finally {
    versions.leave(served)
  }
}

function respond(
  c: Context,
  answer: Finished,
  pool: Pool,
  pipeline: Pipeline,
  headers: InferHeaders,
  latencyMs: number,
  modelledJ: number,
): Response {
  const body: InferAnswer<Record<string, unknown>> = {
    id: headers.id,
    pipeline: publicName(pipeline.name),
    version: versionOf(pipeline.name),
    outputs: assembleOutputs(pipeline, answer.items),
    accuracy: answer.accuracy,
    deadlineMs: headers.budgetMs,
    latencyMs,
    path: answer.path,
    stages: stagesOf(answer, pool, pipeline),
    modelledJ,
  }
  return respondWhole(c, JSON.stringify(body), {
    'content-type': 'application/json',
    'server-timing': timingOf(latencyMs, body.stages, modelledJ),
  })
}
