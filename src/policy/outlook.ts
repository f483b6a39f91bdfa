/**
 * How things stand: what the pool can do now, and what is inside. Both are worked out when asked for
 * and kept as long as they are good enough.
 *
 * @module
 */
import { type Backlog, scanBacklog } from './backlog.ts'
import type { Capacity } from './capacity.ts'
import type { Directive } from './directive.ts'
import type { Flights } from './flights.ts'
import type { Pool } from './pool.ts'
import type { Query } from './query.ts'
import type { DeadlineQueue } from './queue.ts'
import type { Ready } from './ready.ts'
import { applyRest } from './rest.ts'
import type { Tails } from './tails.ts'
import type { PolicyCommand } from './types.ts'

export interface OutlookParts {
  pool: Pool
  ready: Ready
  flights: Flights
  queries: DeadlineQueue<Query>
  maxScan: number
  emit(command: PolicyCommand): void
}

export interface Outlook {
  /** Of this moment. Whoever leans on its groups has been told when they were made anew. */
  capacity(nowMs: number): { capacity: Capacity; tails: Tails }
  backlog(nowMs: number): Backlog
  /** Something inside changed: a query came or went, a batch was sent or ended. */
  changed(): void
  adopt(directive: Directive, nowMs: number): void
}

/** With more queries inside than this, one scan serves all decisions of a millisecond. */
const FEW = 64
const FRESH_MS = 1

export function createOutlook(parts: OutlookParts): Outlook {
  const { pool, ready, flights, queries } = parts
  let knownEpoch = -1
  let awake: Directive['awake'] = new Map()
  let known: Backlog | undefined
  let knownMs = -Infinity
  let stale = true
  let scans = 0

  function capacity(nowMs: number) {
    const current = pool.capacity(nowMs)
    if (current.capacity.epoch !== knownEpoch) {
      knownEpoch = current.capacity.epoch
      stale = true
      known = undefined
      applyRest(current.capacity, awake, parts.emit)
      ready.rebuild(current.capacity, nowMs)
    }
    return current
  }

  return {
    capacity,
    backlog(nowMs) {
      const { capacity: now, tails } = capacity(nowMs)
      const old = stale ? queries.length <= FEW || nowMs - knownMs >= FRESH_MS : nowMs > knownMs
      if (known !== undefined && !old) return known
      const slots = Math.max(now.slotCount, 1)
      const awakeSlots = now.groups.reduce(
        (sum, group) => sum + Math.min(group.slots.length, awake.get(group.key) ?? Infinity),
        0,
      )
      const busyMs = flights.busyMs(nowMs) / slots
      const factor = slots / Math.max(awakeSlots, 1)
      known = scanBacklog(queries, now, tails, parts.maxScan, busyMs, factor, ++scans, nowMs)
      knownMs = nowMs
      stale = false
      return known
    },
    changed() {
      stale = true
    },
    adopt(directive, nowMs) {
      awake = directive.awake
      pool.price(directive.prices)
      const { capacity: now } = capacity(nowMs)
      for (const slot of applyRest(now, awake, parts.emit)) ready.touch(slot, nowMs)
    },
  }
}
