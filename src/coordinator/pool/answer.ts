/**
 * Requests through the pool, of any protocol.
 *
 * @module
 */
import type { StageReport } from '../../client/types.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import type { Answer } from '../../policy/core/types.ts'
import { ApiError } from '../core/api_error.ts'
import { backendOf } from '../nodes/nodes.ts'
import { longestOfTasks } from '../observe/metrics/longest.ts'
import type { QueryRequest } from '../queries/queries.ts'
import type { Pool } from './pool.ts'

export type Finished = Extract<Answer, { ok: true }>

/**
 * One request from its arrival to its response, counted in the statistics however it ends.
 *
 * @param read makes a query of the request; a fault there counts as rejected
 * @param ask submits the query's pictures, all at once
 * @param respond makes the response: of one answer for each picture, in their order, of the time
 * from arrival to the last of them, and of their energy; a fault there counts as failed
 * @throws ApiError where a picture got no result
 */
export async function answerRequest<Query>(
  pool: Pool,
  { name }: Pipeline,
  now: () => number,
  read: (arrivedMs: number) => Promise<Query>,
  ask: (query: Query, arrivedMs: number) => Promise<Answered>[],
  respond: (
    query: Query,
    answers: readonly Finished[],
    latencyMs: number,
    modelledJ: number,
  ) => Response,
): Promise<Response> {
  const arrivedMs = now()
  const { telemetry } = pool
  let query: Query | undefined
  try {
    query = await read(arrivedMs)
    const answered = await Promise.all(ask(query, arrivedMs))
    const answers: Finished[] = []
    let lastMs = arrivedMs
    let joules = 0
    for (const { answer, answeredMs, modelledJ } of answered) {
      answers.push(answer)
      joules += modelledJ
      lastMs = Math.max(lastMs, answeredMs)
    }
    const response = respond(query, answers, round(lastMs - arrivedMs), joules)
    telemetry.requestDone(name, answers, lastMs - arrivedMs)
    return response
  } catch (error) {
    const isRejected = query === undefined && error instanceof ApiError
    telemetry.requestFailed(name, now() - arrivedMs, isRejected ? error.reason : undefined)
    throw error
  }
}

interface Answered {
  answer: Finished
  answeredMs: number
  modelledJ: number
}

/** @throws ApiError for every answer without a result */
export async function answerOf(pool: Pool, request: QueryRequest): Promise<Answered> {
  const { answer, ...rest } = await pool.submit(request)
  return { answer: resultOf(answer), ...rest }
}

/** @throws ApiError for an answer without a result */
export function resultOf(answer: Answer): Finished {
  if (answer.ok) return answer
  throw new ApiError(answer.reason, answer.message, answer.retryAfterMs)
}

/** The batches of an answer, with nodes by name and times in hundredths of milliseconds. */
export function stagesOf(answer: Finished, pool: Pool, pipeline: Pipeline): StageReport[] {
  return answer.stages.map((stage) => {
    const node = pool.known(stage.node)
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
  })
}

/**
 * The first entries of `Server-Timing`: the total; the time in queues and on the network, summed
 * over the longest of each task; the energy, as a description without a time.
 */
export function serverTiming(
  latencyMs: number,
  stages: readonly Pick<StageReport, 'task' | 'queueMs' | 'networkMs'>[],
  modelledJ: number,
): string[] {
  return [
    `total;dur=${latencyMs}`,
    `queue;dur=${round(longestOfTasks(stages, 'queueMs'))}`,
    `network;dur=${round(longestOfTasks(stages, 'networkMs'))}`,
    `energy;desc="${round(modelledJ)} J modelled"`,
  ]
}

/**
 * `Server-Timing`, with one sum of computation for each variant: a page of many lines takes
 * hundreds of batches, and proxies refuse an answer with headers over 4 KB.
 */
export function timingOf(
  latencyMs: number,
  stages: readonly StageReport[],
  modelledJ: number,
): string {
  const spent = new Map<string, StageReport>()
  for (const stage of stages) {
    const key = `${stage.task} ${stage.variant}`
    const computeMs = (spent.get(key)?.computeMs ?? 0) + stage.computeMs
    spent.set(key, { ...stage, computeMs })
  }
  let timing = serverTiming(latencyMs, stages, modelledJ).join(', ')
  for (const { task, variant, computeMs } of spent.values()) {
    timing += `, ${task};dur=${round(computeMs)};desc="${variant}"`
  }
  return timing
}

/** Rounds to hundredths: milliseconds and joules. */
export const round = (value: number): number => Math.round(value * 100) / 100
