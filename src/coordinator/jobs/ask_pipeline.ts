/**
 * One query of a job through a pipeline.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import { resultOf } from '../answer.ts'
import { assembleOutputs } from '../assemble.ts'
import { boundPayload, type CheckSchema } from '../generate/prompt.ts'
import type { Payload } from '../payload.ts'
import type { Pool } from '../pool.ts'
import type { Folder } from './folder.ts'
import type { Asking } from './work.ts'

export interface WorkParts {
  /** In the background. */
  pool: Pool
  now: () => number
  folder: Folder
  checkSchema: CheckSchema | undefined
}

export interface Outcome {
  outputs: Record<string, unknown>
  accuracy: number
}

/** @throws ApiError where there is no result */
export function askPipeline(
  { pool, now, checkSchema }: WorkParts,
  name: string,
  payloadOf: (pipeline: Pipeline) => Payload,
  { id, caller, dueMs, share, gone }: Asking,
): Promise<Outcome> {
  return pool.versions.serve(name, async (pipeline) => {
    const payload = boundPayload(pipeline, payloadOf(pipeline), checkSchema)
    const { answer } = await pool.submit({
      ...{ pipeline: pipeline.name, payload, arrivedMs: now(), deadlineMs: dueMs, share, gone, id },
      caller,
    })
    const { items, accuracy } = resultOf(answer)
    return { outputs: assembleOutputs(pipeline, items), accuracy }
  })
}
