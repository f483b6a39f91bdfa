/**
 * What a node says of an answer before it is whole.
 *
 * @module
 */
import { z } from 'zod'

/** Of what is said at once of one answer: most tokens, and most characters. */
export const MAX_SAID = 4096
export const MAX_SAID_TEXT = 1_000_000

const count = z.number().int().min(0).max(1e6)
const serial = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/**
 * More of an answer that is generated, as `Said` of `pipeline/generate.ts` has it. Without items: it is
 * being worked on, and there is nothing to say yet.
 */
export const saidMessage = z.object({
  type: z.literal('said'),
  batch: serial,
  items: z.array(z.object({
    item: count,
    from: count,
    ids: z.array(count).max(MAX_SAID),
    at: serial,
    text: z.string().max(MAX_SAID_TEXT),
  })).max(1024),
})
