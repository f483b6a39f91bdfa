/**
 * What bodies of the calls that generate come down to, whatever their protocol. Plain data.
 *
 * @module
 */
import type { Ask, Message } from '../../../pipeline/generate.ts'

export interface TextQuery {
  /** As the body names it; absent where the path does. */
  model?: string
  /** One of the two. */
  text?: string
  messages?: Message[]
  ask: Ask
  /** Any JSON will do, or what the pipeline has a schema for. */
  json: boolean
  stream: boolean
  /** Whether a stream is to tell how many tokens there were. */
  usage: boolean
  id?: string
}
