/**
 * What tasks take and give as tensors, as far as whoever sends and reads them has to know.
 *
 * @module
 */
import { z } from 'zod'
import { isOwn, type Pipeline, TAKEN, type Task } from './schema.ts'
import { TENSOR_TYPES, type TensorSpec, type TensorType } from './tensor.ts'

export const tensorType = z.enum(Object.keys(TENSOR_TYPES) as [TensorType, ...TensorType[]])

const size = z.number().int().min(1).max(1e9)
const varying = z.union([size, z.literal(-1)], { error: 'must be a size, or -1 where it varies' })
export const shape = z.array(varying).max(8)

/** Names of tensors, as models have them. */
export const tensorName = z.string()
  .regex(/^.{1,128}$/s, { error: 'must be 1 to 128 characters' }).refine(isOwn, TAKEN)

export const takesSchema = z.record(
  tensorName,
  z.strictObject({
    type: tensorType.default('float32'),
    /** -1 where a size varies. */
    shape,
    /** Sizes to warm up and measure with, where some vary. */
    typical: z.array(size).max(8).optional(),
  }),
)

export type Takes = z.infer<typeof takesSchema>

const known = new WeakMap<object, Takes>()

/** The tensors of a query of this pipeline; `undefined` where it takes a picture. */
export function queryTensors(pipeline: Pipeline): Takes | undefined {
  const takes = pipeline.tasks[pipeline.root]?.['takes'] as object | undefined
  if (takes === undefined) return undefined
  let parsed = known.get(takes)
  if (parsed === undefined) known.set(takes, parsed = takesSchema.parse(takes))
  return parsed
}

const answerSchema = z.record(z.string(), z.looseObject({ type: tensorType, shape }))

/** Fields of a task's results that are tensors. */
export function answerTensors(task: Task | undefined): { [field: string]: TensorSpec } {
  const parsed = answerSchema.safeParse(task?.['answer'] ?? {})
  return parsed.success ? parsed.data : {}
}
