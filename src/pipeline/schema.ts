/**
 * The file format `shoal-pipeline/1`: a rooted tree of tasks, each with the variants that can do it.
 *
 * Only what every reader needs is fixed here. How a variant is run (`kind`, `model`, `input`, ...)
 * belongs to the stage that runs it, so unknown fields of tasks and variants are kept.
 *
 * @module
 */
import { z } from 'zod'

/** Names are looked up in plain objects, all of which have a `constructor` and some more. */
export const isOwn = (name: string) => !(name in {})
export const TAKEN = { error: 'must be another name: JavaScript has this one for its own' }

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: 'must be 1 to 64 letters, digits, dots, dashes or underscores',
}).refine(isOwn, TAKEN)
const ratio = z.number().min(0).max(1)

export const variantSchema = z.looseObject({
  /** Accuracy of this variant alone, 0..1, as measured on labelled data. */
  accuracy: ratio,
  /** Mean items handed to each child task per item; 1 where absent. The paper's multiplicative factor. */
  fanOut: z.record(name, z.number().min(0)).optional(),
  /** Key into `models`. Needed to run, not to simulate. */
  model: z.string().optional(),
  /** Latency of one item of one row on the machine that measured the file: a prior for nodes not yet measured. */
  referenceMs: z.number().positive().optional(),
  /** Rows of the model's input that an item takes on average, as a long line takes several; 1 where absent. */
  rows: z.number().positive().optional(),
  /** Of its weights. `fp16` is planned on GPUs with `shader-f16` alone, `int8` on processors alone. */
  precision: z.enum(['fp32', 'fp16', 'int8']).optional(),
  /** What it takes in a slot; an estimate where absent. */
  memoryBytes: z.number().min(0).optional(),
  /** Where it runs; anywhere that suits its precision where absent. */
  backends: z.array(z.enum(['wasm', 'webgpu', 'native'])).min(1).optional(),
})

export const taskSchema = z.looseObject({
  /** The stage implementation, by its name in `src/stages`. Needed to run, not to simulate. */
  kind: z.string().optional(),
  /** One item takes the results of all items of the task before it, of one query, in reading order. */
  gather: z.boolean().optional(),
  /** Where its items are unlike each other: ms that one may take, before which no batch is given up. */
  longestMs: z.number().positive().max(600_000).optional(),
  next: z.array(name).default([]),
  variants: z.record(name, variantSchema).refine((v) => Object.keys(v).length > 0, {
    error: 'needs at least one variant',
  }),
})

/** A later version of one that is served has its number behind its name: see `version.ts`. */
const pipelineName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(~\d{1,9})?$/, {
  error: 'must be 1 to 64 letters, digits, dots, dashes or underscores',
}).refine(isOwn, TAKEN)

export const pipelineSchema = z.looseObject({
  schema: z.literal('shoal-pipeline/1'),
  name: pipelineName,
  /** Deadline of a query that names none, from its arrival. */
  sloMs: z.number().int().min(1).max(600_000),
  /** Share of the pool when several pipelines compete. */
  weight: z.number().positive().default(1),
  /** What the pool is run for while queries of it come; as the pool is told where absent. */
  prefer: z.enum(['frugal', 'balanced', 'sooner']).optional(),
  root: name,
  tasks: z.record(name, taskSchema),
  /**
   * LIST of the answer: one entry for each item of a task, with these fields. With `only` it is what its
   * one item gives: the value of the field, where one is named, `null` where there is no item. With
   * `renewed` that value is a list of objects: those that a later task gives in the same field take the
   * place of those that are the same in the field `by`, and stand where those stood.
   */
  output: z.record(
    z.string().min(1).refine(isOwn, TAKEN),
    z.object({
      each: name,
      with: z.array(z.string().min(1)).min(1),
      only: z.boolean().optional(),
      renewed: z.strictObject({ each: name, by: z.string().min(1) }).optional(),
    }),
  ).optional(),
  /** Measured accuracy of whole paths, root to leaf; the product of the variants where absent. */
  pathAccuracy: z.array(z.object({ path: z.array(name).min(1), accuracy: ratio })).optional(),
})

export type Variant = z.infer<typeof variantSchema>
export type Task = z.infer<typeof taskSchema>
export type Pipeline = z.infer<typeof pipelineSchema>
