/**
 * How things stand: what the pool can do now, and what is inside. Both are worked out when asked for
 * and kept as long as they are good enough.
 *
 * @module
 */
import { type Backlog, type Circumstances, createScanner } from './backlog.ts'
import type { Capacity, Layout } from './capacity.ts'
import { LEAST_KEEP } from './caution.ts'
import { createFreeing } from './coming_free.ts'
import type { Directive } from './directive.ts'
import type { Flights } from './flights.ts'
import type { Pool } from './pool.ts'
import type { Query } from './query.ts'
import type { DeadlineQueue } from './queue.ts'
import type { Ready } from './ready.ts'
import { applyRest } from './rest.ts'
import { hasUnlikeSlos, type Shapes } from './shape.ts'
import { addTo } from './stations.ts'
import type { Tails } from './tails.ts'
import type { PolicyCommand } from './types.ts'

export interface OutlookParts {
  shapes: Shapes
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
  /** A query came, and nothing else changed. */
  joined(query: Query): void
  /** What is served is other than it was. */
  renew(): void
  adopt(directive: Directive, nowMs: number): void
}

/** A longer queue is looked at bit by bit, so that no decision pays for all of it. */
const SHORT = 128
/** At the latest after so long everything is looked at at once. */
const OLD_MS = 20

export function createOutlook(parts: OutlookParts): Outlook {
  const { shapes, pool, ready, flights, queries } = parts
  let knownEpoch = -1
  let knownLayout: Layout | undefined
  let awake: Directive['awake'] = new Map()
  let keep = LEAST_KEEP
  let known: Backlog | undefined
  let knownMs = -Infinity
  let lookedMs = -Infinity
  let stale = true
  /** What all that is inside was looked at with at that moment; undefined where it was not all. */
  let seenWith: Circumstances | undefined
  /** A query came since, and stands last. */
  let oneCame = false
  const scanner = createScanner(queries, parts.maxScan)
  /** Slots that should be awake, and the capacity that this was counted in; null before it was. */
  let awakeSlots = 0
  let awakeOf: Capacity | null = null

  function countAwake(now: Capacity): number {
    if (awakeOf !== now) {
      awakeOf = now
      awakeSlots = now.groups.reduce(
        (sum, group) => sum + Math.min(group.slots.length, awake.get(group.key) ?? Infinity),
        0,
      )
    }
    return awakeSlots
  }

  function capacity(nowMs: number) {
    const current = pool.capacity(nowMs)
    const { epoch, layout } = current.capacity
    if (epoch !== knownEpoch) {
      knownEpoch = epoch
      stale = true
    }
    if (layout !== knownLayout) {
      knownLayout = layout
      known = undefined
      applyRest(current.capacity, awake, parts.emit, nowMs)
      ready.rebuild(layout, nowMs)
    }
    return current
  }

  return {
    capacity,
    backlog(nowMs) {
      const { capacity: now, tails } = capacity(nowMs)
      if (known !== undefined && !stale && nowMs <= lookedMs) {
        if (!oneCame) return known
        oneCame = false
        if (queries.length <= SHORT && scanner.oneMore(known, seenWith!)) return known
      }
      const slots = Math.max(now.slotCount, 1)
      const busyMs = flights.busy.sumMs(nowMs) / slots
      const free = hasUnlikeSlos(shapes)
        ? createFreeing(flights.busy.leftsMs(nowMs), slots)
        : busyMs
      const planned = countAwake(now)
      const heard = planned - flights.busy.silentSlots()
      const awakeFactor = heard < 1 ? Infinity : slots / heard
      const at = { capacity: now, tails, free, awakeFactor, keep, nowMs }
      const bitByBit = known !== undefined && queries.length > SHORT && nowMs - knownMs < OLD_MS
      seenWith = bitByBit ? undefined : at
      oneCame = false
      const renewed = bitByBit ? scanner.further(at) : scanner.whole(at)
      if (renewed !== undefined) {
        known = renewed
        knownMs = nowMs
      }
      lookedMs = nowMs
      stale = false
      known!.busyMs = busyMs
      known!.free = free
      known!.awakeFactor = awakeFactor
      return known!
    },
    changed() {
      stale = true
    },
    joined(query) {
      const isLast = queries.at(queries.length - 1) === query
      if (isLast && seenWith !== undefined && !oneCame) {
        oneCame = true
        return
      }
      stale = true
      // It is long until all of a long queue is looked at: the next to come is not to overlook it.
      if (!isLast || seenWith !== undefined || known === undefined) return
      const { capacity: { layout }, tails } = capacity(query.arrivedMs)
      const { root: { way }, level, shape } = query
      const quickest = tails.quickest(way, level)
      if (quickest === undefined) return
      known.poolMs += quickest.poolMs
      known.firstMs += quickest.firstMs
      if (!layout.sameHeld) addTo(known.stationMs, shape, tails.stations.ofWaiting(way, level))
    },
    renew() {
      pool.renew()
      stale = true
    },
    adopt(directive, nowMs) {
      // A query that came is not to be looked at with what holds from now on, and the others not.
      if (oneCame) stale = true
      awake = directive.awake
      awakeOf = null
      keep = directive.keep
      pool.price(directive.prices)
      const { capacity: now } = capacity(nowMs)
      for (const slot of applyRest(now, awake, parts.emit, nowMs)) ready.touch(slot, nowMs)
    },
  }
}
