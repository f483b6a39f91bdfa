/**
 * The answer of `POST /v1/pipelines/{name}/infer`.
 *
 * @module
 */
import type { InferAnswer } from '../client/types.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import { publicName, versionOf } from '../pipeline/version.ts'
import { type Finished, stagesOf } from './answer.ts'
import { assembleOutputs } from './assemble.ts'
import type { Pool } from './pool.ts'

export const bodyOf = (
  answer: Finished,
  pool: Pool,
  pipeline: Pipeline,
  { id, budgetMs }: { id: string; budgetMs: number },
  latencyMs: number,
  modelledJ: number,
): InferAnswer<Record<string, unknown>> => ({
  id,
  pipeline: publicName(pipeline.name),
  version: versionOf(pipeline.name),
  outputs: assembleOutputs(pipeline, answer.items),
  accuracy: answer.accuracy,
  deadlineMs: budgetMs,
  latencyMs,
  path: answer.path,
  stages: stagesOf(answer, pool, pipeline),
  modelledJ,
})
