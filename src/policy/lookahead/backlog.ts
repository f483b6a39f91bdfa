/**
 * The backlog: an earliest-deadline-first schedulability test over the queries inside. It says when
 * each query can end if all from here on go the quickest way, and so how much time a better variant
 * may take before somebody misses a deadline.
 *
 * @module
 */
import type { Capacity } from '../pool/capacity.ts'
import type { Island } from '../pool/islands.ts'
import { addTo } from '../pool/stations.ts'
import type { Query } from '../queue/query.ts'
import type { DeadlineQueue } from '../queue/queue.ts'
import { beginsAtMs, finishedAfterMs, type Free, lostShare } from './coming_free.ts'
import { keptInside } from './margin.ts'
import { settle } from './settle.ts'
import type { Tails } from './tails.ts'

export interface Backlog {
  /** Number of the scan; a query with a later number was looked at again since. */
  scan: number
  /** Mean time until a slot is free. */
  busyMs: number
  free: Free
  /** Time of the whole pool for all that waits and follows, going the quickest way. */
  poolMs: number
  /** Time for the first items of queries alone, of the slots that serve these. */
  firstMs: number
  /** What each station has to do, by index of the task; empty where all hold the same. */
  stationMs: number[]
  /** How much longer the awake part of the pool takes than the whole; Infinity if none is heard of. */
  awakeFactor: number
  /** The query that can spare least, what it can, and what all others can. */
  tightest: Query | undefined
  leastMs: number
  secondMs: number
  /** Least that any can spare, with nothing kept. */
  barestMs: number
  /** Neighbours in the queue together, the most urgent first. */
  blocks: Block[]
}

/** Queries that stand together in the queue. */
export interface Block {
  /** Of the last one. */
  deadlineMs: number
  /** Least slack in it; once the scan is through, in it and all behind it. */
  slackMs: number
}

/** What a scan is made with, as of its moment. */
export interface Circumstances {
  capacity: Capacity
  island: Island
  tails: Tails
  free: Free
  awakeFactor: number
  /** Share of a query's laxity that decisions leave alone. */
  keep: number
  nowMs: number
}

export interface Scanner {
  /** Looks at all of the island, as far as a scan goes. */
  whole(at: Circumstances): Backlog
  /**
   * Takes in the query that came since and stands last, as of the moment of that backlog. False where
   * that is not all there is to look at.
   */
  oneMore(known: Backlog, at: Circumstances): boolean
  /** Looks at some more of a long queue. The backlog once all were looked at, then from the start. */
  further(at: Circumstances): Backlog | undefined
}

/**
 * Of what decisions leave alone of a query's laxity, what the better variants of others may not use
 * either: with less than the door asks for, a queue that grew to the limit has the next ones refused.
 */
const RESERVED = 0.5
/** Of the laxity where slots do not hold all: there what is kept may be of use to no other. */
const LEAST_RESERVED = 0.05
const BLOCK = 64
/** Queries that one call of `further` looks at. */
const STRETCH = 32

/** A scan under way: what comes of it, as far as it went. */
interface Pass extends Backlog {
  /** All in one go: else nobody knows yet what those behind can spare. */
  atOnce: boolean
  /** The last that was looked at. */
  last: Query | undefined
  count: number
  /** All that was looked at stands before this position. */
  end: number
}

/**
 * Scans the `maxScan` most urgent queries of an island, and leaves in each what goes before it.
 *
 * @param numbers of scans, one count for all scanners of these queries
 */
export function createScanner(
  queries: DeadlineQueue<Query>,
  maxScan: number,
  numbers: { last: number },
): Scanner {
  let pass: Pass | undefined

  const begin = (atOnce: boolean): Pass => ({
    atOnce,
    scan: ++numbers.last,
    busyMs: 0,
    free: 0,
    poolMs: 0,
    firstMs: 0,
    stationMs: [],
    awakeFactor: 1,
    tightest: undefined,
    leastMs: Infinity,
    secondMs: Infinity,
    barestMs: Infinity,
    blocks: [],
    last: undefined,
    count: 0,
    end: 0,
  })

  return {
    whole(at) {
      const own = begin(true)
      pass = undefined
      look(own, queries, 0, Math.min(queries.length, maxScan), at)
      return ended(own, queries, at)
    },
    oneMore(known, at) {
      const own = known as Pass
      if (at.island.isPart || own.count >= maxScan || own.count !== queries.length - 1) return false
      look(own, queries, own.count, queries.length, at)
      ended(own, queries, at)
      return true
    },
    further(at) {
      pass ??= begin(false)
      // Queries came and went since: go on behind the last one.
      const from = pass.last === undefined ? 0 : queries.positionAfter(pass.last)
      const to = Math.min(queries.length, from + Math.min(STRETCH, maxScan - pass.count))
      look(pass, queries, from, to, at)
      if (to < queries.length && pass.count < maxScan) return undefined
      const done = pass
      pass = undefined
      return ended(done, queries, at)
    },
  }
}

function ended(
  pass: Pass,
  queries: DeadlineQueue<Query>,
  { awakeFactor, island }: Circumstances,
): Backlog {
  const { blocks } = pass
  for (let i = blocks.length - 2; i >= 0; i--) {
    blocks[i]!.slackMs = Math.min(blocks[i]!.slackMs, blocks[i + 1]!.slackMs)
  }
  if (pass.atOnce && isAlike(island)) {
    let behindMs = Infinity
    for (let i = pass.end - 1; i >= 0; i--) {
      const query = queries.at(i)!
      if (!isOn(island, query)) continue
      if (behindMs < query.budgetMs) query.budgetMs = behindMs
      if (query.spareMs < behindMs) behindMs = query.spareMs
    }
  }
  pass.awakeFactor = awakeFactor
  return pass
}

const isOn = ({ isPart, pipelines }: Island, { shape }: Query) => !isPart || pipelines.has(shape)

/** All slots are: who goes first is held up by none that runs for somebody behind. */
const isAlike = ({ groups }: Island) => groups.length === 1

function look(
  pass: Pass,
  queries: DeadlineQueue<Query>,
  from: number,
  to: number,
  { capacity, island, tails, free, keep, nowMs }: Circumstances,
): void {
  const { epoch } = capacity
  const { isPart } = island
  const alike = pass.atOnce && isAlike(island)
  const lost = lostShare(island)
  const stations = island.sameHeld ? undefined : tails.stations
  const evenMs = typeof free === 'number' ? nowMs + free : undefined
  const reserved = island.allHeld ? RESERVED * keep : LEAST_RESERVED
  let block = pass.blocks[pass.blocks.length - 1]
  let { poolMs, firstMs, leastMs, secondMs, barestMs } = pass
  for (let i = from; i < to; i++) {
    const query = queries.at(i)!
    if (isPart && !isOn(island, query)) continue
    if (pass.count++ % BLOCK === 0) pass.blocks.push(block = { deadlineMs: 0, slackMs: Infinity })
    block!.deadlineMs = query.deadlineMs
    query.scan = pass.scan
    query.aheadMs = poolMs
    query.firstAheadMs = firstMs
    query.slackMs = query.spareMs = Infinity
    // Two stores: engines box the number that one of two is.
    query.budgetMs = NaN
    if (alike) query.budgetMs = barestMs
    const { rest } = query
    if (rest.epoch !== epoch) settle(query, epoch, tails, stations)
    // Where all that is left runs already, it stands in nobody's way.
    if (!rest.servable || rest.poolMs === 0) continue
    const startMs = evenMs === undefined ? beginsAtMs(free, poolMs, nowMs) : evenMs + poolMs
    const waitingEndMs = startMs + Math.max(rest.chainMs, rest.poolMs)
    const endMs = Math.max(waitingEndMs, rest.runningEndMs)
    // Lost, as the door reckons: it will be dropped when its turn comes, so it takes no time from others.
    if (endMs > query.deadlineMs) {
      const doneMs = nowMs + finishedAfterMs(free, poolMs, firstMs, rest, lost)
      if (Math.max(rest.runningEndMs, doneMs) > query.deadlineMs) continue
    }
    poolMs += rest.poolMs
    firstMs += rest.firstMs
    if (stations !== undefined) addTo(pass.stationMs, query.shape, rest.stationMs)
    const spareMs = Math.max(0, query.deadlineMs - endMs)
    query.slackMs = spareMs - keptInside(startMs - nowMs, query.deadlineMs - nowMs)
    if (query.slackMs < block!.slackMs) block!.slackMs = query.slackMs
    const slackMs = Math.max(0, spareMs - reserved * query.laxityMs)
    query.spareMs = slackMs
    if (spareMs < barestMs) barestMs = spareMs
    if (slackMs < leastMs) {
      secondMs = leastMs
      leastMs = slackMs
      pass.tightest = query
    } else if (slackMs < secondMs) {
      secondMs = slackMs
    }
  }
  pass.poolMs = poolMs
  pass.firstMs = firstMs
  pass.leastMs = leastMs
  pass.secondMs = secondMs
  pass.barestMs = barestMs
  if (to > from) pass.last = queries.at(to - 1)
  pass.end = to
}

/** Time of the pool for what goes before it. Beyond the scan that is all that was scanned. */
export const aheadOf = (query: Query, backlog: Backlog) =>
  query.scan >= backlog.scan ? query.aheadMs : backlog.poolMs

/**
 * Time of the pool that may be spent on it, beyond the quickest way, without loss to the others. Among
 * slots that are alike those behind it have to wait for it, beside all that they wait for already; who
 * is more urgent goes first, and has its own time but for a slot that is not free at once. Where slots
 * differ one that is quick may be just the one that somebody ahead has need of: then it is what any
 * can spare.
 */
export const budgetOf = (query: Query, { tightest, leastMs, secondMs }: Backlog) =>
  query.budgetMs >= 0 ? query.budgetMs : query === tightest ? secondMs : leastMs

/**
 * Where a new query of this deadline would stand; after a scan.
 *
 * @returns time of the pool that goes before it, what of first items does, and the least time that
 * those behind it can spare
 */
export function placeOf(
  queries: DeadlineQueue<Query>,
  backlog: Backlog,
  deadlineMs: number,
  island: Island,
): { aheadMs: number; firstAheadMs: number; spareMs: number } {
  let first = queries.dueBy(deadlineMs)
  while (first < queries.length && !isOn(island, queries.at(first)!)) first++
  const next = queries.at(first)
  if (next === undefined) {
    return { aheadMs: backlog.poolMs, firstAheadMs: backlog.firstMs, spareMs: Infinity }
  }
  const { blocks } = backlog
  const own = blocks.findIndex((block) => next.deadlineMs <= block.deadlineMs)
  const aheadMs = aheadOf(next, backlog)
  const firstAheadMs = next.scan >= backlog.scan ? next.firstAheadMs : backlog.firstMs
  // Beyond the scan nobody was asked what it can spare.
  if (own < 0) return { aheadMs, firstAheadMs, spareMs: Infinity }
  let spareMs = blocks[own + 1]?.slackMs ?? Infinity
  const { deadlineMs: lastMs } = blocks[own]!
  for (let i = first; i < queries.length; i++) {
    const query = queries.at(i)!
    if (query.deadlineMs > lastMs) break
    if (!isOn(island, query)) continue
    if (query.scan >= backlog.scan) spareMs = Math.min(spareMs, query.slackMs)
  }
  return { aheadMs, firstAheadMs, spareMs }
}
