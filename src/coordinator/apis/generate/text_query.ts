/**
 * The text query in bodies of calls that generate, of any protocol. Plain data.
 *
 * @module
 */
import type { Ask, Message } from '../../../pipeline/generate.ts'

export interface TextQuery {
  /** The model that the body names; absent where the path names it. */
  model?: string
  /** The text; or else `messages`. */
  text?: string
  messages?: Message[]
  ask: Ask
  /** Whether the answer is to be JSON, of the pipeline's schema where it has one. */
  json: boolean
  stream: boolean
  /** Whether a stream ends with the number of tokens. */
  usage: boolean
  id?: string
}
