/**
 * One query through the pool, for whichever protocol it came in by.
 *
 * @module
 */
import type { StageReport } from '../client/types.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import type { Answer } from '../policy/types.ts'
import { ApiError } from './api_error.ts'
import { backendOf } from './nodes.ts'
import { longestOfTasks } from './metrics/longest.ts'
import type { Pool } from './pool.ts'
import type { QueryRequest } from './queries.ts'

export type Finished = Extract<Answer, { ok: true }>

/** @throws ApiError for every answer without a result */
export async function answerOf(
  pool: Pool,
  request: QueryRequest,
): Promise<{ answer: Finished; answeredMs: number }> {
  const { answer, answeredMs } = await pool.submit(request)
  if (!answer.ok) throw new ApiError(answer.reason, answer.message, answer.retryAfterMs)
  return { answer, answeredMs }
}

/** Runs what makes a request a query; a request that never becomes one is counted as rejected. */
export async function readCounted<T>(
  pool: Pool,
  { name }: Pipeline,
  elapsedMs: () => number,
  read: () => T | Promise<T>,
): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ApiError) pool.telemetry.rejected(name, error.reason, elapsedMs())
    throw error
  }
}

/** The batches of an answer, with nodes by name and times in hundredths of milliseconds. */
export function stagesOf(answer: Finished, pool: Pool, pipeline: Pipeline): StageReport[] {
  return answer.stages.map((stage) => {
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
  })
}

/** The head of `Server-Timing`: all in all, then in queues and on the network, of each task the longest. */
export function serverTiming(
  latencyMs: number,
  stages: readonly Pick<StageReport, 'task' | 'queueMs' | 'networkMs'>[],
): string[] {
  return [
    `total;dur=${latencyMs}`,
    `queue;dur=${round(longestOfTasks(stages, 'queueMs'))}`,
    `network;dur=${round(longestOfTasks(stages, 'networkMs'))}`,
  ]
}

export const round = (ms: number): number => Math.round(ms * 100) / 100
