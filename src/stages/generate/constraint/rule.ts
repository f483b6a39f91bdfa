/**
 * A rule for a part of a schema: a small machine over the bytes of JSON, with a place to return to.
 *
 * @module
 */
import { MOST_DEPTH } from './limits.ts'

/** Where one way of reading an answer stands. Those alike are one object. */
export interface Way {
  readonly id: number
  readonly rule: Rule
  /** Of the rule's own states. */
  readonly at: number
  /** What the rule counts. */
  readonly count: number
  /** Where it goes on when the value is over; null at the very end. */
  readonly up: Way | null
  /** Objects and arrays that it stands in. */
  readonly depth: number
  /** One at which the same tokens may come. */
  far?: Way
  /** The state of this way alone, as most are. */
  alone?: object
}

export interface Moves {
  go(rule: Rule, at: number, count: number, up: Way | null): void
  /** As {@linkcode go}, for a place not yet in the state: where parsing goes on after a value. */
  place(rule: Rule, at: number, count: number, up: Way | null): Way
  /** The value is over. */
  back(up: Way | null): void
}

export interface Rule {
  readonly id: number
  /** Objects and arrays, one in the other, of its flattest value. */
  least: number
  /** It is an object or an array. */
  readonly holds?: boolean
  /** Of what its values are made; for {@linkcode least}. */
  leastNow?(): number
  /** Rules that it is made of. */
  readonly width?: number
  /** Stands for these. */
  readonly options?: readonly Rule[]
  enter(up: Way, to: Moves): void
  step(way: Way, byte: number, to: Moves): void
  /** The value may be over here, with no byte that says so. */
  mayEnd?(way: Way): boolean
  /** A count that allows the same tokens, if no token is longer than `bytes`. */
  far?(way: Way, bytes: number): number
}

/** Whether a value of the rule has room in what this place is in. */
export const hasRoom = (rule: Rule, depth: number): boolean => depth + rule.least <= MOST_DEPTH

/** See {@linkcode Rule.far}, of what counts from `min` to `max`. */
export function farCount(count: number, min: number, max: number, bytes: number): number {
  if (max - count <= bytes) return count
  if (count >= min) return min
  return min - count > bytes ? 0 : count
}

/** Goes no higher than it matters. */
export const counted = (count: number, min: number, max: number): number =>
  max === Infinity ? Math.min(count, min) : count
