/**
 * The description of a `tensors` task in a pipeline file: read once, checked, typed.
 *
 * @module
 */
import { z } from 'zod'
import { firstFault } from '../../pipeline/error.ts'
import type { Task, Variant } from '../../pipeline/schema.ts'
import { shape, type Takes, takesSchema, tensorName, tensorType } from '../../pipeline/takes.ts'

const axis = z.number().int().min(-8).max(7)
const position = z.number().int().min(-1e9).max(1e9)
const length = z.number().int().min(1).max(1e9)

export const stepSchema = z.union([
  z.strictObject({ reshape: shape }),
  z.strictObject({ transpose: z.array(z.number().int().min(0).max(7)).min(1) }),
  z.strictObject({
    slice: z.strictObject({
      axis: axis.default(0),
      from: position.default(0),
      to: position.optional(),
    }),
  }),
  z.strictObject({
    window: z.strictObject({ axis: axis.default(0), size: length, step: length.default(1) }),
  }),
  z.strictObject({
    pad: z.strictObject({
      axis: axis.default(0),
      to: length,
      value: z.number().default(0),
      at: z.enum(['start', 'end']).default('end'),
    }),
  }),
  z.strictObject({ multiply: z.number() }),
  z.strictObject({ divide: z.number().refine((by) => by !== 0, { error: 'must not be 0' }) }),
  z.strictObject({ add: z.number() }),
  z.strictObject({ type: tensorType }),
  z.strictObject({ argmax: axis }),
  z.strictObject({ softmax: axis }),
], {
  error: 'must be one of reshape, transpose, slice, window, pad, multiply, divide, add, type, ' +
    'argmax, softmax, with what it needs',
})
export type Step = z.infer<typeof stepSchema>

/** A tensor by name, of the model's outputs or of the item, and the steps applied to it. */
const madeSchema = z.strictObject({ from: tensorName, do: z.array(stepSchema).default([]) })
export type Source = z.infer<typeof madeSchema>

/** A name alone is short for a source of which nothing is made. */
const spelledOut = (value: unknown) => typeof value === 'string' ? { from: value } : value
const sourceSchema = z.preprocess(spelledOut, madeSchema)

/** A model's input that is always the same. */
const constantSchema = z.strictObject({
  value: z.number(),
  type: tensorType.default('float32'),
  shape: z.array(length).default([]),
})
export type Constant = z.infer<typeof constantSchema>

const giveSchema = z.strictObject({
  /** Each row of the first axis becomes one item. */
  split: z.boolean().default(false),
  tensors: z.record(tensorName, sourceSchema),
})
export type Give = z.infer<typeof giveSchema>

/** No union: its messages would not name the form that was meant. */
const fedSchema = z.unknown().transform((value, context): Source | Constant => {
  const isConstant = typeof value === 'object' && value !== null && 'value' in value
  const parsed = isConstant ? constantSchema.safeParse(value) : sourceSchema.safeParse(value)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) context.addIssue({ ...issue })
  return z.NEVER
})
const feedSchema = z.record(tensorName, fedSchema)

const answerSchema = z.preprocess(
  spelledOut,
  // The loader adds what it found out: type and shape.
  madeSchema.extend({ type: tensorType.optional(), shape: shape.optional() }),
)

const taskSchema = z.looseObject({
  takes: takesSchema.optional(),
  feed: feedSchema.default({}),
  give: z.record(z.string(), giveSchema).default({}),
  answer: z.record(tensorName, answerSchema).optional(),
  /** Items run together, one below the other along the first axis. */
  stack: z.boolean().default(false),
})

export interface Description {
  takes: Takes | undefined
  feed: { [input: string]: Source | Constant }
  give: { [child: string]: Give }
  answer: { [field: string]: Source } | undefined
  stack: boolean
}

/** A place below the task, and the fault there. */
export class DescriptionError extends TypeError {
  override name = 'DescriptionError'
  constructor(readonly path: string, readonly fault: string) {
    super(`Cannot use ${path || 'a task'}: ${fault}`)
  }
}

/**
 * @param variant its own `feed` goes before the task's
 * @throws DescriptionError
 */
export function describe(task: Task, variant?: Variant): Description {
  const { takes, feed, give, answer, stack } = read(taskSchema, task, '')
  const own = variant?.['feed']
  return {
    takes,
    feed: own === undefined ? feed : { ...feed, ...read(feedSchema, own, 'feed') },
    give,
    answer,
    stack,
  }
}

function read<T>(schema: z.ZodType<T>, value: unknown, at: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const { path, fault } = firstFault(parsed.error)
  throw new DescriptionError([at, path].filter(Boolean).join('.'), fault)
}

export const isConstant = (source: Source | Constant): source is Constant => 'value' in source
