/**
 * When a node is asked what is known already: at once when it is new, at random times later.
 *
 * @module
 */
import type { Standing } from '../core/types.ts'

export interface CanaryClock {
  /** A canary is due from then on, or after so many batches more, whichever comes first. */
  atMs: number
  batches: number
  /** Since this node joined. */
  sent: number
  /** Failed in a row while in quarantine. */
  failed: number
}

const AT_JOIN = 12
/** Between canaries of one node, in batches and in time, on average. */
const BATCHES = 120
const IDLE_MS = 600_000
/** While it is proving: others ask it the same as long as there are queries. */
const PROVING_MS = 3000
const QUARANTINE_MS = 2000
const MAX_FAILED = 8
/** Where nothing was known that it could be asked. */
const NOTHING_KNOWN_MS = 500

export function createCanaryClock(nowMs: number, random: () => number): CanaryClock {
  const clock = { atMs: 0, batches: 0, sent: 0, failed: 0 }
  wind(clock, 'proving', nowMs, random)
  return clock
}

export const isDue = (clock: CanaryClock, nowMs: number): boolean =>
  clock.atMs <= nowMs || clock.batches <= 0

export function putOff(clock: CanaryClock, nowMs: number): void {
  clock.atMs = nowMs + NOTHING_KNOWN_MS
  clock.batches = Math.max(clock.batches, 1)
}

/** Sets the time of the next. */
export function wind(
  clock: CanaryClock,
  standing: Standing,
  nowMs: number,
  random: () => number,
): void {
  // Between half and twice as long, so that nobody can tell when.
  const about = (ms: number) => ms * (0.5 + 1.5 * random())
  clock.batches = Math.ceil(about(BATCHES))
  if (standing === 'quarantined') {
    clock.batches = Infinity
    clock.atMs = nowMs + about(QUARANTINE_MS * 2 ** Math.min(clock.failed, MAX_FAILED))
  } else if (standing === 'trusted') clock.atMs = nowMs + about(IDLE_MS)
  else clock.atMs = nowMs + about(clock.sent < AT_JOIN ? 120 : PROVING_MS)
}
