/**
 * `POST /v1/pipelines/{name}/infer`: one query in, exactly one answer out, by its deadline.
 *
 * @module
 */
import type { Context } from 'hono'
import type { InferAnswer } from '../client/types.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import type { Answer } from '../policy/types.ts'
import { ApiError } from './api_error.ts'
import { assembleOutputs } from './assemble.ts'
import { readBody } from './body.ts'
import {
  type InferHeaders,
  readContentType,
  readInferBody,
  readInferHeaders,
} from './infer_request.ts'
import { backendOf } from './nodes.ts'
import type { Pool } from './pool.ts'

type Finished = Extract<Answer, { ok: true }>

export async function infer(
  c: Context,
  pool: Pool,
  pipeline: Pipeline,
  now: () => number,
): Promise<Response> {
  const arrivedMs = now()
  const request = c.req.raw
  const headers = readInferHeaders(request.headers, pipeline.sloMs)
  const type = readContentType(request.headers)
  const deadlineMs = arrivedMs + headers.budgetMs

  const body = await readBody(request, pool.deadlines, deadlineMs)
  const picture = readInferBody(type, body)
  const { answer, answeredMs } = await pool.submit({
    pipeline: pipeline.name,
    payload: { meta: { type: picture.type }, bytes: picture.bytes },
    deadlineMs,
    signal: request.signal,
    ...(headers.minAccuracy === undefined ? {} : { minAccuracy: headers.minAccuracy }),
  })
  if (!answer.ok) throw new ApiError(answer.reason, answer.message, answer.retryAfterMs)
  return respond(answer, pool, pipeline, headers, answeredMs - arrivedMs)
}

function respond(
  answer: Finished,
  pool: Pool,
  pipeline: Pipeline,
  headers: InferHeaders,
  latencyMs: number,
): Response {
  const body: InferAnswer = {
    id: headers.id,
    pipeline: pipeline.name,
    outputs: assembleOutputs(pipeline, answer.items),
    accuracy: answer.accuracy,
    deadlineMs: headers.budgetMs,
    latencyMs: round(latencyMs),
    path: answer.path,
    stages: answer.stages.map((stage) => {
      const node = pool.node(stage.node)
      return {
        task: stage.task,
        variant: stage.variant,
        node: node?.name ?? stage.node,
        backend: node ? backendOf(node, { pipeline: pipeline.name, ...stage }) : 'unknown',
        batch: stage.batch,
        items: stage.items,
        queueMs: round(stage.queueMs),
        networkMs: round(stage.networkMs),
        computeMs: round(stage.computeMs),
      }
    }),
  }
  return Response.json(body, { headers: { 'server-timing': serverTiming(body) } })
}

/** Per batch its compute, then what was spent in queues and on the network, in milliseconds. */
function serverTiming({ stages, latencyMs }: InferAnswer): string {
  const sum = (part: 'queueMs' | 'networkMs') =>
    round(stages.reduce((total, stage) => total + stage[part], 0))
  return [
    `total;dur=${latencyMs}`,
    `queue;dur=${sum('queueMs')}`,
    `network;dur=${sum('networkMs')}`,
    ...stages.map(({ task, variant, computeMs }) => `${task};dur=${computeMs};desc="${variant}"`),
  ].join(', ')
}

const round = (ms: number) => Math.round(ms * 100) / 100
