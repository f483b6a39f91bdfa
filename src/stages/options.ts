/**
 * The options of a task or variant from a pipeline file: read once, checked, typed.
 *
 * @module
 */
import { z } from 'zod'
import { firstFault } from '../pipeline/error.ts'

const side = z.number().int().min(1).max(8192)

const inputSchema = z.object({
  height: side,
  width: side,
  /** Recognisers: how much wider than natural a line is drawn for this height. */
  stretch: z.number().positive().default(1),
})
export type Input = z.infer<typeof inputSchema>

const cropSchema = z.object({
  maxHeight: side.default(48),
  maxWidth: side.default(2400),
  /** Quality of crops that travel as JPEG. */
  quality: z.number().min(1).max(100).default(92),
})
export type CropOptions = z.infer<typeof cropSchema>

interface Fields {
  readonly [field: string]: unknown
}

/**
 * `input` of a variant over `input` of its task: what all variants share is said once.
 *
 * @throws TypeError where they make no usable `{height, width, stretch?}`
 */
export function inputOf({ task, variant }: { task: Fields; variant: Fields }): Input {
  const value = { ...task['input'] as object, ...variant['input'] as object }
  return readField(inputSchema, 'input', 'a variant', value)
}

/** @throws TypeError where a task's `crop` is malformed; defaults where it is absent */
export const cropOf = (task: Fields): CropOptions =>
  readField(cropSchema, 'crop', 'a task', task['crop'] ?? {})

/** @throws TypeError with the place below the field, and the fault there */
export function readField<T>(
  schema: z.ZodType<T>,
  field: string,
  owner: 'a task' | 'a variant',
  value: unknown,
): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const { path, fault } = firstFault(parsed.error)
  throw new TypeError(`Cannot use ${[field, path].filter(Boolean).join('.')} of ${owner}: ${fault}`)
}
