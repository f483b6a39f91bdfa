/**
 * How to generate, as bodies of requests say it, whatever their protocol: names with underscores, and
 * null for what is not said.
 *
 * @module
 */
import { z } from 'zod'
import { type Ask, MOST_CONTEXT, STOPS } from '../../../pipeline/generate.ts'

const stop = z.string().min(1).max(STOPS.characters)
/** Of a schema that answers are to keep to, as JSON. */
const MAX_SCHEMA = 65_536

export const tokens = z.number().int().min(1)
export const schemaOf = z.record(z.string(), z.unknown()).refine(
  (schema) => JSON.stringify(schema).length <= MAX_SCHEMA,
  { error: `must be at most ${MAX_SCHEMA} characters as JSON` },
)
/** @param most strings */
export const stopOf = (most: number) =>
  z.union([stop, z.array(stop).max(most)], { error: `must be a text, or at most ${most} of them` })

/** What all protocols have. */
export const sampling = {
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.number().int().nullish(),
  max_tokens: tokens.nullish(),
}

/** `parameters` of a text in the form of the Open Inference Protocol. */
export const askParameters = z.object({
  ...sampling,
  stop: stopOf(STOPS.strings).nullish(),
  schema: schemaOf.nullish(),
})

export type AskParameters = z.infer<typeof askParameters>

const SEEDS = 2 ** 32

/** A task's own context bounds what is asked for, so that more than any model has is no fault. */
export function askFrom(said: AskParameters): Ask {
  const { temperature, top_p, seed, max_tokens, stop, schema } = said
  const stops = typeof stop === 'string' ? [stop] : stop ?? []
  // Of no share at all the likeliest is left.
  const isGreedy = top_p === 0
  return {
    ...max_tokens == null ? {} : { maxTokens: Math.min(max_tokens, MOST_CONTEXT) },
    ...temperature == null || isGreedy ? {} : { temperature },
    ...top_p == null || isGreedy ? {} : { topP: top_p },
    // Any whole number is a seed elsewhere.
    ...seed == null ? {} : { seed: ((seed % SEEDS) + SEEDS) % SEEDS },
    ...stops.length === 0 ? {} : { stop: stops },
    ...schema == null ? {} : { schema: schema as NonNullable<Ask['schema']> },
  }
}
