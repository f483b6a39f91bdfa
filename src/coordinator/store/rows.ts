/**
 * Columns of the store, read with a check: the file may have been changed by hand, by another
 * version or by a faulty disk.
 *
 * @module
 */
import { z } from 'zod'
import type { FanOutMemory, NodeProfileMemory, Reputation } from '../../policy/core/memory.ts'

const count = z.number().int().nonnegative()
const amount = z.number().nonnegative()

// Loose: fields of a later version are not lost by one start of this one.
const variant = { pipeline: z.string(), task: z.string(), variant: z.string() }

const profileColumn = z.looseObject({
  models: z.array(z.looseObject({
    ...variant,
    points: z.array(z.looseObject({ batch: z.number().int().positive(), latencyMs: amount })),
  })),
  networkMs: z.array(z.looseObject({ pipeline: z.string(), task: z.string(), ms: amount })),
}) satisfies z.ZodType<NodeProfileMemory>

const fanOutColumn = z.looseObject({
  ...variant,
  rows: z.array(z.looseObject({
    ...{ items: amount, mean: amount, variance: amount },
    none: z.exactOptional(amount),
  })),
}) satisfies z.ZodType<FanOutMemory>

const wordColumn = z.looseObject({
  ...{ own: z.boolean(), quarantined: z.boolean(), reason: z.string() },
  by: z.record(z.string(), count),
  ...{ inRow: count, passed: count, failed: count, suspicion: amount },
  ...{ probation: count, sentences: count, atoned: count },
  lies: z.exactOptional(count),
}) satisfies z.ZodType<Reputation>

/** `undefined` where the column is empty. */
export type Read<T> = { value: T | undefined } | { fault: string }

function readAs<T>(column: z.ZodType<T>, text: unknown): Read<T> {
  if (text === null) return { value: undefined }
  try {
    return { value: column.parse(JSON.parse(String(text))) }
  } catch (error) {
    if (!(error instanceof z.ZodError)) return { fault: 'it is no JSON' }
    const [issue] = error.issues
    return { fault: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` }
  }
}

export const readProfile = (text: unknown): Read<NodeProfileMemory> => readAs(profileColumn, text)
export const readFanOut = (text: unknown): Read<FanOutMemory> => readAs(fanOutColumn, text)
export const readWord = (text: unknown): Read<Reputation> => readAs(wordColumn, text)
