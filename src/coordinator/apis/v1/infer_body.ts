/**
 * The answer of `POST /v1/pipelines/{name}/infer`.
 *
 * @module
 */
import type { GeneratedInfo, InferAnswer } from '../../../client/types.ts'
import { generatingTask } from '../../../pipeline/generate.ts'
import type { Pipeline } from '../../../pipeline/schema.ts'
import { publicName, versionOf } from '../../../pipeline/version.ts'
import { type Finished, stagesOf } from '../../pool/answer.ts'
import type { Pool } from '../../pool/pool.ts'
import { assembleOutputs } from '../../queries/assemble.ts'
import { generatedIn } from '../generate/generated.ts'

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
  ...pool.isChecked ? { verified: answer.verified !== false } : {},
  ...generatingTask(pipeline) === undefined ? {} : { generated: generatedOf(pipeline, answer) },
})

function generatedOf(pipeline: Pipeline, answer: Finished): GeneratedInfo {
  const { finish, promptTokens, completionTokens } = generatedIn(pipeline, answer)
  return { finish, promptTokens, completionTokens }
}
