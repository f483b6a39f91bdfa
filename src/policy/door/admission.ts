/**
 * Admission: a query that can't be answered in time is told so at once, with when to try again.
 *
 * @module
 */
import type { Pressure } from '../demand/pressure.ts'
import { type Backlog, placeOf } from '../lookahead/backlog.ts'
import { finishedAfterMs, lostShare } from '../lookahead/coming_free.ts'
import type { Tails } from '../lookahead/tails.ts'
import type { Arrivals } from '../pool/arrivals.ts'
import type { Island } from '../pool/islands.ts'
import { readyAtMs } from '../pool/slots.ts'
import { behindStationsMs } from '../pool/stations.ts'
import type { Query } from '../queue/query.ts'
import type { DeadlineQueue } from '../queue/queue.ts'
import { levelOf, type PipelineShape } from '../shape.ts'
import type { Answer } from '../types.ts'
import type { Door } from './door.ts'

export type Refusal = Extract<Answer, { ok: false }>

/** Nobody could do it in its time, were the pool idle: it is no demand that a plan could meet. */
export const isHopeless = ({ reason, retryAfterMs }: Refusal): boolean =>
  reason === 'infeasible_deadline' && retryAfterMs === undefined

export interface Admission {
  shape: PipelineShape
  /** Highest least accuracy that can be kept with the variants that may be used. */
  bestFloor: number
  deadlineMs: number
  /** What its client gave it, before any of that was gone. */
  timeoutMs: number | undefined
  minAccuracy: number | undefined
  draining: boolean
  /** What nodes may yet come to hold of what is missing. */
  arrivals: Pick<Arrivals, 'any' | 'inMs'>
  full: boolean
  island: Island
  tails: Tails
  backlog: Backlog
  queries: DeadlineQueue<Query>
  pressure: Pressure
  door: Door
  /** Where other pipelines share its slots: see {@linkcode Coming.aheadMs}. */
  comingMs: number | undefined
}

const RETRY_LOADING_MS = 1000
const RETRY_NO_NODE_MS = 5000
const LEAST_RETRY_MS = 50
const MOST_RETRY_MS = 60_000

/**
 * The door asks for no more than such a share of the time that a query is not under way, or the share
 * itself where that is more: then many are late.
 */
const MOST_OF_OWN = 0.3

/** What is missing is to be held by such a share of the time of a query that waits for it. */
const LOADED_BY = 0.5
/** So many wait for that, since nobody knows yet how many can be served once it is there. */
const MOST_WAITING = 16

/**
 * Until every task is served that is not, by what is being loaded; Infinity where some is not to be.
 * Who asks for a least accuracy is thought to need the most accurate of each.
 */
function servedInMs({ shape, tails, arrivals }: Admission, level: number, nowMs: number): number {
  return Math.max(
    ...shape.tasks.map(({ variants }) => {
      const most = Math.max(...variants.map(({ accuracy }) => accuracy))
      const fit = level === 0 ? variants : variants.filter(({ accuracy }) => accuracy === most)
      return Math.min(
        ...fit.map((variant) => tails.isHeld(variant) ? 0 : arrivals.inMs(variant, nowMs)),
      )
    }),
  )
}

/** Where volunteers give a part of their time, until the first slot may begin: all may rest by then. */
function restMs({ groups, duty, slotCount }: Island, nowMs: number): number {
  if (duty >= slotCount) return 0
  let soonestMs = Infinity
  for (const { slots } of groups) {
    for (const slot of slots) {
      soonestMs = Math.min(soonestMs, readyAtMs(slot, nowMs))
      if (soonestMs <= nowMs) return 0
    }
  }
  return soonestMs - nowMs
}

const clampRetry = (ms: number) => Math.round(Math.min(Math.max(ms, LEAST_RETRY_MS), MOST_RETRY_MS))

/**
 * A refusal, or the laxity of the query: its time less what the quickest way takes when idle, and no
 * more than the SLO; and when that is used up.
 */
export function admit(
  asked: Admission,
  nowMs: number,
): Refusal | { laxityMs: number; dueMs: number; aheadMs: number; firstAheadMs: number } {
  const { shape, bestFloor, deadlineMs, minAccuracy, backlog, island, pressure, comingMs } = asked
  if (asked.draining) {
    return { ok: false, reason: 'draining', message: 'Cannot take a query: shutting down' }
  }
  if (minAccuracy !== undefined && !(minAccuracy <= bestFloor + 1e-9)) {
    return {
      ok: false,
      reason: 'no_capable_node',
      message: `Cannot reach accuracy ${minAccuracy}: ${shape.name} has ${
        Number(bestFloor.toFixed(4))
      } at best`,
    }
  }
  const level = levelOf(shape, minAccuracy)
  const quickest = asked.tails.quickest(shape.start, level)
  const leftMs = deadlineMs - nowMs
  if (quickest === undefined) {
    const laxityMs = leftMs - servedInMs(asked, level, nowMs) / LOADED_BY
    if (laxityMs > 0 && asked.queries.length < MOST_WAITING) {
      return { laxityMs, dueMs: deadlineMs, aheadMs: 0, firstAheadMs: 0 }
    }
    return {
      ok: false,
      reason: 'no_capable_node',
      message: level > 0 && asked.tails.quickest(shape.start, 0) !== undefined
        ? `Cannot reach accuracy ${minAccuracy} now: no nodes hold variants of ${shape.name} that do`
        : `Cannot serve ${shape.name}: no node holds a variant for every task`,
      retryAfterMs: asked.arrivals.any ? RETRY_LOADING_MS : RETRY_NO_NODE_MS,
    }
  }
  if (asked.full) {
    return {
      ok: false,
      reason: 'queue_full',
      message: `Cannot take a query: too many for ${shape.name} are inside`,
      retryAfterMs: clampRetry((backlog.busyMs + backlog.poolMs) / 2),
    }
  }
  const place = placeOf(asked.queries, backlog, deadlineMs, island)
  const queuedMs = island.sameHeld ? place.aheadMs : behindStationsMs(
    place.aheadMs,
    backlog,
    shape,
    asked.tails.stations.laterMs(shape.start, level),
  )
  // A burst is over before they come.
  const behindMs = queuedMs + (pressure.stands ? comingMs ?? 0 : 0)
  const aheadMs = backlog.busyMs + queuedMs
  const lost = lostShare(island)
  const doneMs = finishedAfterMs(backlog.free, behindMs, place.firstAheadMs, quickest, lost)
  // Behind a queue that stands, what is known too roughly shall not cost those inside.
  const spreadMs = Math.max(0, quickest.safeChainMs - quickest.chainMs)
  // While a batch or a result travels nobody runs anything.
  const share = asked.door.share(island)
  const mostMs = Math.max(MOST_OF_OWN, share) * Math.max(0, leftMs - quickest.awayMs)
  const askedMs = Math.min(share * leftMs, mostMs)
  const marginMs = Math.min(aheadMs, spreadMs + askedMs)
  // More urgent than some inside, it would go before them: only if they can spare the time.
  const spared = quickest.poolMs <= place.spareMs
  // Where pipelines share slots, who would make others late found the queue too long as well.
  const isShort = doneMs + marginMs > leftMs || (comingMs !== undefined && !spared)
  // What nobody could do in its time says nothing of the queue.
  const stands = quickest.chainMs <= leftMs &&
    pressure.isStanding(isShort, leftMs, shape.pipeline.sloMs, nowMs)
  // What is sent is thought to be there as its slot is free: a way there is what that may be off by.
  const wayMs = island.allHeld ? Math.min(backlog.busyMs, quickest.networkMs / 2) : 0
  const behindAllMs = doneMs + wayMs + (stands ? marginMs : 0)
  const needMs = Math.max(behindAllMs, restMs(island, nowMs) + quickest.chainMs)
  if (spared && needMs <= leftMs && leftMs < Infinity) {
    const { aheadMs, firstAheadMs } = place
    const laxityMs = Math.min(leftMs - quickest.chainMs, shape.pipeline.sloMs)
    const dueMs = Math.min(nowMs + quickest.chainMs + laxityMs, deadlineMs)
    return { laxityMs, dueMs, aheadMs, firstAheadMs }
  }
  const refusal: Refusal = {
    ok: false,
    reason: 'infeasible_deadline',
    message: needMs > leftMs
      ? `Cannot answer within ${Math.round(leftMs)} ms: need about ${Math.ceil(needMs)} ms`
      : `Cannot answer within ${Math.round(leftMs)} ms: it would make others late`,
  }
  // Its time may be gone because much came at once: that is no reason never to come again.
  if (quickest.chainMs <= Math.max(leftMs, asked.timeoutMs ?? leftMs)) {
    refusal.retryAfterMs = clampRetry(Math.max(needMs - leftMs, quickest.poolMs))
  }
  return refusal
}
