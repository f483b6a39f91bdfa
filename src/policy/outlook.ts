/**
 * How things stand: what the pool can do now, and what is inside. Both are worked out when asked for
 * and kept as long as they are good enough.
 *
 * @module
 */
import type { Flights } from './flight/flights.ts'
import type { Directive } from './frontier/directive.ts'
import {
  type Backlog,
  type Circumstances,
  createScanner,
  type Scanner,
} from './lookahead/backlog.ts'
import { createFreeing } from './lookahead/coming_free.ts'
import type { Tails } from './lookahead/tails.ts'
import type { Pool } from './pool.ts'
import type { Capacity, Layout } from './pool/capacity.ts'
import { islandNumber } from './pool/islands.ts'
import type { Ready } from './pool/ready.ts'
import { applyRest } from './pool/rest.ts'
import { addTo } from './pool/stations.ts'
import { LEAST_KEEP } from './profile/caution.ts'
import type { Query } from './queue/query.ts'
import type { DeadlineQueue } from './queue/queue.ts'
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
  /** Of an island of that capacity, by its number. */
  backlog(nowMs: number, island: number): Backlog
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
  const { pool, ready, flights, queries } = parts
  let knownEpoch = -1
  let knownLayout: Layout | undefined
  let awake: Directive['awake'] = new Map()
  let keep = LEAST_KEEP
  const scans = { last: 0 }
  /** By number of the island. */
  let sights: Sight[] = []
  /** Slots that should be awake, and the capacity that this was counted in; null before it was. */
  let awakeSlots: number[] = []
  let awakeOf: Capacity | null = null

  function countAwake(now: Capacity, island: number): number {
    if (awakeOf !== now) {
      awakeOf = now
      awakeSlots = now.layout.islands.map(({ groups }) =>
        groups.reduce(
          (sum, group) => sum + Math.min(group.slots.length, awake.get(group.key) ?? Infinity),
          0,
        )
      )
    }
    return awakeSlots[island]!
  }

  function makeStale(): void {
    for (const sight of sights) sight.stale = true
  }

  function capacity(nowMs: number) {
    const current = pool.capacity(nowMs)
    const { epoch, layout } = current.capacity
    if (epoch !== knownEpoch) {
      knownEpoch = epoch
      makeStale()
    }
    if (layout !== knownLayout) {
      knownLayout = layout
      sights = layout.islands.map(() => createSight(createScanner(queries, parts.maxScan, scans)))
      applyRest(current.capacity, awake, parts.emit, nowMs)
      ready.rebuild(layout, nowMs)
    }
    return current
  }

  return {
    capacity,
    backlog(nowMs, number) {
      const { capacity: now, tails } = capacity(nowMs)
      const sight = sights[number]!
      const { known, scanner } = sight
      if (known !== undefined && !sight.stale && nowMs <= sight.lookedMs) {
        if (!sight.oneCame) return known
        sight.oneCame = false
        if (queries.length <= SHORT && scanner.oneMore(known, sight.seenWith!)) return known
      }
      const island = now.layout.islands[number]!
      const slots = Math.max(island.slotCount, 1)
      const busyMs = flights.busy.sumMs(nowMs, number) / slots
      const free = island.hasUnlikeSlos
        ? createFreeing(flights.busy.leftsMs(nowMs, number), slots)
        : busyMs
      const planned = countAwake(now, number)
      const heard = planned - flights.busy.silentSlots(number)
      const awakeFactor = heard < 1 ? Infinity : slots / heard
      const at = { capacity: now, island, tails, free, awakeFactor, keep, nowMs }
      const bitByBit = known !== undefined && queries.length > SHORT &&
        nowMs - sight.knownMs < OLD_MS
      sight.seenWith = bitByBit ? undefined : at
      sight.oneCame = false
      const renewed = bitByBit ? scanner.further(at) : scanner.whole(at)
      if (renewed !== undefined) {
        sight.known = renewed
        sight.knownMs = nowMs
      }
      sight.lookedMs = nowMs
      sight.stale = false
      const backlog = sight.known!
      backlog.busyMs = busyMs
      backlog.free = free
      backlog.awakeFactor = awakeFactor
      return backlog
    },
    changed: makeStale,
    joined(query) {
      const number = islandNumber(knownLayout!, query.shape)
      const sight = sights[number]!
      const isLast = queries.at(queries.length - 1) === query
      if (isLast && sight.seenWith !== undefined && !sight.oneCame) {
        sight.oneCame = true
        return
      }
      sight.stale = true
      // It is long until all of a long queue is looked at: the next to come is not to overlook it.
      if (!isLast || sight.seenWith !== undefined || sight.known === undefined) return
      const { known } = sight
      const { capacity: { layout }, tails } = capacity(query.arrivedMs)
      const { root: { way }, level, shape } = query
      const quickest = tails.quickest(way, level)
      if (quickest === undefined) return
      known.poolMs += quickest.poolMs
      known.firstMs += quickest.firstMs
      if (!layout.islands[number]!.sameHeld) {
        addTo(known.stationMs, shape, tails.stations.ofWaiting(way, level))
      }
    },
    renew() {
      pool.renew()
      makeStale()
    },
    adopt(directive, nowMs) {
      // A query that came is not to be looked at with what holds from now on, and the others not.
      for (const sight of sights) if (sight.oneCame) sight.stale = true
      awake = directive.awake
      awakeOf = null
      keep = directive.keep
      pool.price(directive.prices)
      const { capacity: now } = capacity(nowMs)
      for (const slot of applyRest(now, awake, parts.emit, nowMs)) ready.touch(slot, nowMs)
    },
  }
}

/** How an island looked when it was last looked at. */
interface Sight {
  scanner: Scanner
  known: Backlog | undefined
  knownMs: number
  lookedMs: number
  stale: boolean
  /** What all that is inside was looked at with at that moment; undefined where it was not all. */
  seenWith: Circumstances | undefined
  /** A query came since, and stands last. */
  oneCame: boolean
}

const createSight = (scanner: Scanner): Sight => ({
  ...{ scanner, known: undefined, knownMs: -Infinity, lookedMs: -Infinity, stale: true },
  ...{ seenWith: undefined, oneCame: false },
})
