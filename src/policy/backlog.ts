/**
 * The backlog: an earliest-deadline-first schedulability test over the queries inside. It says when
 * each query can end if all from here on go the quickest way, and so how much time a better variant
 * may take before somebody misses a deadline.
 *
 * @module
 */
import type { Capacity } from './capacity.ts'
import type { Quickest, Tails } from './tails.ts'
import type { DeadlineQueue } from './queue.ts'
import type { Item, Query, Rest } from './query.ts'
import type { Prefix } from './shape.ts'

export interface Backlog {
  /** Number of the scan; a query with a later number was looked at again since. */
  scan: number
  /** Mean time until a slot is free. */
  busyMs: number
  /** Time of the whole pool for all that waits and follows, going the quickest way. */
  poolMs: number
  /** How much longer the awake part of the pool takes than the whole; Infinity if none is heard of. */
  awakeFactor: number
  /** Time of the pool that may be spent, beyond the quickest way, without loss to the others. */
  budgetMs(except: Query): number
  /** Neighbours in the queue together, the most urgent first. */
  blocks: readonly Block[]
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
  tails: Tails
  busyMs: number
  awakeFactor: number
  /** Share of a query's laxity that decisions leave alone. */
  keep: number
  nowMs: number
}

export interface Scanner {
  /** Looks at all, as far as a scan goes. */
  whole(at: Circumstances): Backlog
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

interface Pass {
  scan: number
  /** The last that was looked at. */
  last: Query | undefined
  count: number
  poolMs: number
  tightest: Query | undefined
  leastMs: number
  secondMs: number
  blocks: Block[]
}

/** Scans the `maxScan` most urgent queries, and leaves in each what goes before it. */
export function createScanner(queries: DeadlineQueue<Query>, maxScan: number): Scanner {
  let scans = 0
  let pass: Pass | undefined

  const begin = (): Pass => ({
    ...{ scan: ++scans, last: undefined, count: 0, poolMs: 0 },
    ...{ tightest: undefined, leastMs: Infinity, secondMs: Infinity, blocks: [] },
  })

  function whole(at: Circumstances): Backlog {
    const own = begin()
    pass = undefined
    look(own, queries, 0, Math.min(queries.length, maxScan), at)
    return backlogOf(own, at)
  }

  return {
    whole,
    further(at) {
      pass ??= begin()
      // Queries came and went since: go on behind the last one.
      const from = pass.last === undefined ? 0 : queries.positionAfter(pass.last)
      const to = Math.min(queries.length, from + Math.min(STRETCH, maxScan - pass.count))
      look(pass, queries, from, to, at)
      if (to < queries.length && pass.count < maxScan) return undefined
      const done = pass
      pass = undefined
      return backlogOf(done, at)
    },
  }
}

function backlogOf(pass: Pass, { busyMs, awakeFactor }: Circumstances): Backlog {
  const { scan, poolMs, blocks, tightest, leastMs, secondMs } = pass
  for (let i = blocks.length - 2; i >= 0; i--) {
    blocks[i]!.slackMs = Math.min(blocks[i]!.slackMs, blocks[i + 1]!.slackMs)
  }
  return {
    ...{ scan, busyMs, poolMs, awakeFactor, blocks },
    budgetMs: (except) => except === tightest ? secondMs : leastMs,
  }
}

function look(
  pass: Pass,
  queries: DeadlineQueue<Query>,
  from: number,
  to: number,
  { capacity: { epoch, layout }, tails, busyMs, keep, nowMs }: Circumstances,
): void {
  const restOfNew = createRestOfNew(epoch, tails)
  const freeMs = nowMs + busyMs
  const reserved = layout.allHeld ? RESERVED * keep : LEAST_RESERVED
  let block = pass.blocks[pass.blocks.length - 1]
  for (let i = from; i < to; i++) {
    const query = queries.at(i)!
    if (pass.count++ % BLOCK === 0) pass.blocks.push(block = { deadlineMs: 0, slackMs: Infinity })
    block!.deadlineMs = query.deadlineMs
    query.scan = pass.scan
    query.aheadMs = pass.poolMs
    query.slackMs = Infinity
    let { rest } = query
    if (rest === null || rest.epoch !== epoch) {
      rest = isNew(query) ? query.rest = restOfNew(query) : restOf(query, epoch, tails)
    }
    if (!rest.servable) continue
    const endMs = endOf(rest, freeMs + pass.poolMs)
    // Lost already: it will be dropped when its turn comes, so it takes no time from the others.
    if (endMs > query.deadlineMs) continue
    pass.poolMs += rest.poolMs
    if (rest.poolMs === 0) continue
    query.slackMs = query.deadlineMs - endMs
    if (query.slackMs < block!.slackMs) block!.slackMs = query.slackMs
    const slackMs = Math.max(0, query.slackMs - reserved * query.laxityMs)
    if (slackMs < pass.leastMs) {
      pass.secondMs = pass.leastMs
      pass.leastMs = slackMs
      pass.tightest = query
    } else if (slackMs < pass.secondMs) {
      pass.secondMs = slackMs
    }
  }
  if (to > from) pass.last = queries.at(to - 1)
}

function endOf(rest: Rest, startMs: number): number {
  const waitingEndMs = rest.poolMs > 0 ? startMs + Math.max(rest.chainMs, rest.poolMs) : 0
  return Math.max(waitingEndMs, rest.runningEndMs)
}

/** Time of the pool for what goes before it. Beyond the scan that is all that was scanned. */
export const aheadOf = (query: Query, backlog: Backlog) =>
  query.scan >= backlog.scan ? query.aheadMs : backlog.poolMs

const isNew = ({ nextOrdinal, root }: Query) => nextOrdinal === 1 && root.state === 'queued'

/** Queries of which nothing has begun all need the same: most of a long queue. */
function createRestOfNew(epoch: number, tails: Tails): (query: Query) => Rest {
  let shape: Query['shape'] | undefined
  let level = -1
  let known: Rest | undefined
  return (query) => {
    if (known !== undefined && query.shape === shape && query.level === level) return known
    shape = query.shape
    level = query.level
    return known = restOf(query, epoch, tails)
  }
}

/** What the query still needs, going the quickest way. Worked out anew when it or the pool changed. */
export function restOf(query: Query, epoch: number, tails: Tails): Rest {
  if (query.rest !== null && query.rest.epoch === epoch) return query.rest
  const rest: Rest = { epoch, poolMs: 0, chainMs: 0, runningEndMs: 0, servable: true }
  // Siblings stand together, and what holds for one does for the next.
  let queued: Item | undefined
  let quickest: Quickest | undefined
  let bound: Prefix | undefined
  let chainMs = Infinity
  let poolMs = Infinity
  for (const item of query.open) {
    if (item.state === 'queued') {
      if (queued === undefined || queued.above !== item.above || queued.task !== item.task) {
        quickest = tails.quickest(item.above, item.task, query.level)
        queued = item
      }
      if (quickest === undefined) {
        rest.servable = false
        continue
      }
      rest.poolMs += quickest.poolMs
      rest.chainMs = Math.max(rest.chainMs, quickest.chainMs)
    } else if (item.bound !== null) {
      if (bound !== item.bound) {
        bound = item.bound
        chainMs = poolMs = Infinity
        for (const tail of tails.tails(bound, query.level)) {
          chainMs = Math.min(chainMs, tail.chainMs)
          poolMs = Math.min(poolMs, tail.poolMs)
        }
      }
      if (chainMs === Infinity) {
        rest.servable = false
        continue
      }
      rest.poolMs += poolMs
      rest.runningEndMs = Math.max(rest.runningEndMs, item.endsAtMs + chainMs)
    }
  }
  return query.rest = rest
}

/**
 * Where a new query of this deadline would stand; after a scan.
 *
 * @returns time of the pool that goes before it, and the least time that those behind it can spare
 */
export function placeOf(
  queries: DeadlineQueue<Query>,
  backlog: Backlog,
  deadlineMs: number,
): { aheadMs: number; spareMs: number } {
  const first = queries.dueBy(deadlineMs)
  const next = queries.at(first)
  if (next === undefined) return { aheadMs: backlog.poolMs, spareMs: Infinity }
  const { blocks } = backlog
  const own = blocks.findIndex((block) => next.deadlineMs <= block.deadlineMs)
  const aheadMs = aheadOf(next, backlog)
  // Beyond the scan nobody was asked what it can spare.
  if (own < 0) return { aheadMs, spareMs: Infinity }
  let spareMs = blocks[own + 1]?.slackMs ?? Infinity
  const { deadlineMs: lastMs } = blocks[own]!
  for (let i = first; i < queries.length; i++) {
    const query = queries.at(i)!
    if (query.deadlineMs > lastMs) break
    if (query.scan >= backlog.scan) spareMs = Math.min(spareMs, query.slackMs)
  }
  return { aheadMs, spareMs }
}
