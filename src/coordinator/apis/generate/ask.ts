/**
 * Parameters of generation in bodies of requests, of any protocol: names with underscores, and null
 * for absent values.
 *
 * @module
 */
import { z } from 'zod'
import { type Ask, MOST_CONTEXT, STOPS } from '../../../pipeline/generate.ts'

const stop = z.string().min(1).max(STOPS.characters)
/** Bytes of a schema for answers, as JSON. */
const MAX_SCHEMA = 65_536

export const tokens = z.number().int().min(1)
export const schemaOf = z.record(z.string(), z.unknown()).refine(
  (schema) => JSON.stringify(schema).length <= MAX_SCHEMA,
  { error: `must be at most ${MAX_SCHEMA} characters as JSON` },
)
/** @param most most strings */
export const stopOf = (most: number) =>
  z.union([stop, z.array(stop).max(most)], { error: `must be a text, or at most ${most} of them` })

/** Parameters of all protocols. */
export const sampling = {
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.number().int().nullish(),
  max_tokens: tokens.nullish(),
}

/** The `parameters` of a text in the form of the Open Inference Protocol. */
export const askParameters = z.object({
  ...sampling,
  stop: stopOf(STOPS.strings).nullish(),
  schema: schemaOf.nullish(),
})

export type AskParameters = z.infer<typeof askParameters>

const SEEDS = 2 ** 32

/** More tokens than any model has are no fault: the task's own context bounds them. */
export function askFrom(parameters: AskParameters): Ask {
  const { temperature, top_p, seed, max_tokens, stop, schema } = parameters
  const stops = typeof stop === 'string' ? [stop] : stop ?? []
  // A share of 0 leaves the likeliest token.
  const isGreedy = top_p === 0
  return {
    ...max_tokens == null ? {} : { maxTokens: Math.min(max_tokens, MOST_CONTEXT) },
    ...temperature == null || isGreedy ? {} : { temperature },
    ...top_p == null || isGreedy ? {} : { topP: top_p },
    // Other servers take any whole number as a seed.
    ...seed == null ? {} : { seed: ((seed % SEEDS) + SEEDS) % SEEDS },
    ...stops.length === 0 ? {} : { stop: stops },
    ...schema == null ? {} : { schema: schema as NonNullable<Ask['schema']> },
  }
}
