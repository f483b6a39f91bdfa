/**
 * Tokens for the generating loop: their bytes, and which may come under a schema.
 *
 * @module
 */

export interface Tokenizer {
  readonly size: number
  readonly ends: readonly number[]
  encode(text: string): number[]
  bytesOf(id: number): Uint8Array
}

/** The state of one sequence that must keep to a schema. */
export interface Constraint {
  /** 1 where a token may come; length size; reused between calls */
  mask(): Uint8Array
  /** The one token that may come, or -1 */
  forced(): number
  accept(id: number): void
  /** Nothing but an end may follow */
  readonly isOver: boolean
}
