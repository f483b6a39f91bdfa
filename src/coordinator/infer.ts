/**
 * `POST /v1/pipelines/{name}/infer`: one query in, exactly one answer out, by its deadline.
 *
 * @module
 */
import type { Context } from 'hono'
import type { InferAnswer } from '../client/types.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import { queryTensors } from '../pipeline/takes.ts'
import { publicName, versionOf } from '../pipeline/version.ts'
import { answerOf, answerRequest, type Finished, serverTiming, stagesOf } from './answer.ts'
import { assembleOutputs } from './assemble.ts'
import { SECURE_HEADERS } from './doors/headers.ts'
import { readBody } from './body.ts'
import {
  type InferHeaders,
  readContentType,
  readInferBody,
  readInferHeaders,
} from './infer_request.ts'
import type { Log } from './log.ts'
import type { Pool } from './pool.ts'

const JSON_HEADERS = { ...SECURE_HEADERS, 'content-type': 'application/json' }

export async function infer(
  c: Context,
  pool: Pool,
  pipeline: Pipeline,
  now: () => number,
  log: Log,
): Promise<Response> {
  const request = c.req.raw
  const { query: { headers }, answers, latencyMs } = await answerRequest(
    pool,
    pipeline,
    now,
    async (arrivedMs) => {
      const headers = readInferHeaders(request.headers, pipeline.sloMs)
      const takes = queryTensors(pipeline)
      const type = readContentType(request.headers, takes)
      const body = await readBody(request, pool.deadlines, arrivedMs, arrivedMs + headers.budgetMs)
      return { headers, payload: readInferBody(type, body, takes) }
    },
    ({ headers: { budgetMs, minAccuracy }, payload }, arrivedMs) => [
      answerOf(pool, {
        ...{ pipeline: pipeline.name, payload },
        ...{ arrivedMs, deadlineMs: arrivedMs + budgetMs, signal: request.signal },
        ...(minAccuracy === undefined ? {} : { minAccuracy }),
      }),
    ],
  )
  log.debug?.(`query ${headers.id}: ${pipeline.name} in ${latencyMs} ms`, {
    ...{ event: 'query', id: headers.id, pipeline: pipeline.name, latencyMs },
  })
  return respond(answers[0]!, pool, pipeline, headers, latencyMs)
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
    pipeline: publicName(pipeline.name),
    version: versionOf(pipeline.name),
    outputs: assembleOutputs(pipeline, answer.items),
    accuracy: answer.accuracy,
    deadlineMs: headers.budgetMs,
    latencyMs,
    path: answer.path,
    stages: stagesOf(answer, pool, pipeline),
  }
  let timing = serverTiming(latencyMs, body.stages).join(', ')
  for (const { task, variant, computeMs } of body.stages) {
    timing += `, ${task};dur=${computeMs};desc="${variant}"`
  }
  // All headers at once: each that is added to a response later costs as much as these together.
  return new Response(JSON.stringify(body), {
    headers: { ...JSON_HEADERS, 'server-timing': timing },
  })
}
