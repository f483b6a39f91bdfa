/**
 * The backlog: an earliest-deadline-first schedulability test over the queries inside. It says when
 * each query can end if all from here on go the quickest way, and so how much time a better variant
 * may take before somebody misses a deadline.
 *
 * @module
 */
import type { Capacity } from './capacity.ts'
import type { Tails } from './tails.ts'
import type { DeadlineQueue } from './queue.ts'
import type { Query, Rest } from './query.ts'

export interface Backlog {
  /** Number of the scan; no two are alike. */
  scan: number
  /** Mean time until a slot is free. */
  busyMs: number
  /** Time of the whole pool for all that waits and follows, going the quickest way. */
  poolMs: number
  /** How much longer the awake part of the pool takes than the whole. */
  awakeFactor: number
  /** Time of the pool that may be spent, beyond the quickest way, without loss to the others. */
  budgetMs(except: Query): number
}

/** Share of a query's laxity that no plan may use: it is for what is not known yet. */
const RESERVED_LAXITY = 0.05

/** Looks at the `maxScan` most urgent queries, and leaves in each what goes before it. */
export function scanBacklog(
  queries: DeadlineQueue<Query>,
  capacity: Capacity,
  tails: Tails,
  maxScan: number,
  busyMs: number,
  awakeFactor: number,
  scan: number,
  nowMs: number,
): Backlog {
  const { entries } = queries
  const { epoch } = capacity
  const restOfNew = createRestOfNew(epoch, tails)
  const count = Math.min(entries.length, maxScan)
  let poolMs = 0
  let tightest: Query | undefined
  let leastMs = Infinity
  let secondMs = Infinity
  for (let i = 0; i < count; i++) {
    const query = entries[i]!
    query.scan = scan
    query.aheadMs = poolMs
    query.slackMs = Infinity
    let { rest } = query
    if (rest === null || rest.epoch !== epoch) {
      rest = isNew(query) ? query.rest = restOfNew(query) : restOf(query, epoch, tails)
    }
    if (!rest.servable) continue
    const endMs = endOf(rest, nowMs + busyMs + poolMs)
    // Lost already: it will be dropped when its turn comes, so it takes no time from the others.
    if (endMs > query.deadlineMs) continue
    poolMs += rest.poolMs
    if (rest.poolMs === 0) continue
    query.slackMs = query.deadlineMs - endMs
    const slackMs = Math.max(0, query.deadlineMs - endMs - RESERVED_LAXITY * query.laxityMs)
    if (slackMs < leastMs) {
      secondMs = leastMs
      leastMs = slackMs
      tightest = query
    } else if (slackMs < secondMs) {
      secondMs = slackMs
    }
  }
  return {
    scan,
    busyMs,
    poolMs,
    awakeFactor,
    budgetMs: (except) => except === tightest ? secondMs : leastMs,
  }
}

function endOf(rest: Rest, startMs: number): number {
  const waitingEndMs = rest.poolMs > 0 ? startMs + Math.max(rest.chainMs, rest.poolMs) : 0
  return Math.max(waitingEndMs, rest.runningEndMs)
}

/** Time of the pool for what goes before it. Beyond the scan that is all that was scanned. */
export const aheadOf = (query: Query, backlog: Backlog) =>
  query.scan === backlog.scan ? query.aheadMs : backlog.poolMs

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
  for (const item of query.open) {
    if (item.state === 'queued') {
      const quickest = tails.quickest(item.above, item.task, query.level)
      if (quickest === undefined) {
        rest.servable = false
        continue
      }
      rest.poolMs += quickest.poolMs
      rest.chainMs = Math.max(rest.chainMs, quickest.chainMs)
    } else if (item.bound !== null) {
      const options = tails.tails(item.bound, query.level)
      let chainMs = Infinity
      let poolMs = Infinity
      for (const tail of options) {
        chainMs = Math.min(chainMs, tail.chainMs)
        poolMs = Math.min(poolMs, tail.poolMs)
      }
      if (options.length === 0) {
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
  const { entries } = queries
  const first = queries.dueBy(deadlineMs)
  if (first === entries.length) return { aheadMs: backlog.poolMs, spareMs: Infinity }
  let spareMs = Infinity
  for (let i = first; i < entries.length; i++) {
    const query = entries[i]!
    // Beyond the scan nobody was asked what it can spare.
    if (query.scan !== backlog.scan) break
    spareMs = Math.min(spareMs, query.slackMs)
  }
  return { aheadMs: aheadOf(entries[first]!, backlog), spareMs }
}
