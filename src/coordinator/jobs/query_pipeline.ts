/**
 * One query of a job through a pipeline.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import type { Payload } from '../nodes/payload.ts'
import { resultOf } from '../pool/answer.ts'
import type { Pool } from '../pool/pool.ts'
import { assembleOutputs } from '../queries/assemble.ts'
import type { Folder } from './folder.ts'
import type { QueryTerms } from './work.ts'

export interface WorkParts {
  /** In the background. */
  pool: Pool
  now: () => number
  folder: Folder
}

export interface Outcome {
  outputs: Record<string, unknown>
  accuracy: number
}

/** @throws ApiError where the query has no result */
export function queryPipeline(
  { pool, now }: WorkParts,
  name: string,
  payloadOf: (pipeline: Pipeline) => Payload,
  { id, dueMs, share, gone, holder }: QueryTerms,
): Promise<Outcome> {
  return pool.versions.serve(name, async (pipeline) => {
    const payload = payloadOf(pipeline)
    const { answer } = await pool.submit({
      ...{ pipeline: pipeline.name, payload, arrivedMs: now(), deadlineMs: dueMs, share, gone, id },
      holder,
    })
    const { items, accuracy } = resultOf(answer)
    return { outputs: assembleOutputs(pipeline, items), accuracy }
  })
}
