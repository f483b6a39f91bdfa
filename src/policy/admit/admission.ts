/**
 * Admission: a query is admitted if its chance to be in time, by its quickest path behind all work of
 * earlier deadline, is at least the worth of its time to other queries. In an idle pool that threshold is
 * close to zero and almost every query is tried; in overload only queries sure to be in time are admitted.
 *
 * @module
 */
import type { Arrivals } from '../state/arrivals.ts'
import type { Capacity } from '../state/capacity.ts'
import type { Query } from '../state/query.ts'
import { readyAtMs } from '../state/slots.ts'
import type { Fairness } from '../price/fairness.ts'
import { levelOf, type PipelineShape } from '../core/graph.ts'
import type { Answer } from '../core/types.ts'
import { chanceOf } from '../price/chance.ts'
import type { Deadlines } from './deadlines.ts'
import { admit as A, retry as R } from './params.ts'
import { price } from '../price/params.ts'
import type { Paths } from '../price/paths.ts'
import type { Quickest } from '../price/path.ts'
import type { Confirming, NewQuery } from '../trust/confirming.ts'

export type Refusal = Extract<Answer, { ok: false }>

/** Whether even an idle pool could not be in time: such a query is no demand that a plan could meet. */
export const isHopeless = ({ reason, retryAfterMs }: Refusal): boolean =>
  reason === 'infeasible_deadline' && retryAfterMs === undefined

export interface AdmissionRequest extends NewQuery {
  deadlineMs: number
  /** Time that the client gave the query, in ms, before any of it had passed. */
  timeoutMs: number | undefined
  minAccuracy: number | undefined
}

/** The outlook that admission reads; see `outlook.ts`. */
export interface Prospects {
  readonly fairness: Fairness
  capacity(nowMs: number): Capacity
  pathsAt(nowMs: number): Paths
  deadlines(nowMs: number): Deadlines
  /** Price of the station time that a query needs, and the accuracy it puts at risk. */
  worthOf(
    stationMs: readonly number[],
    deadlineMs: number,
    nowMs: number,
  ): { price: number; risk: number }
  /** Takes in a query that was admitted. */
  joined(query: Query): void
}

export interface AdmissionParts {
  outlook: Prospects
  /** Highest minimum accuracy that the permitted variants can keep. */
  bestFloor(shape: PipelineShape): number
  /** Variants that nodes are loading, and when they are there. */
  arrivals: Pick<Arrivals, 'count' | 'inMs'>
  /** Number of queries inside; and whether a pipeline has as many as it may. */
  inside(): number
  isFull(shape: PipelineShape): boolean
  /** Undefined if results are not checked. */
  confirming(): Pick<Confirming, 'inMs' | 'entered' | 'left'> | undefined
}

const clampRetry = (ms: number) => Math.round(Math.min(Math.max(ms, R.leastMs), R.mostMs))

/** A refusal; or the slack of the query in ms: its time minus its quickest path, at most the SLO. */
export function admit(
  request: AdmissionRequest,
  parts: AdmissionParts,
  nowMs: number,
): Refusal | number {
  const { shape, deadlineMs, minAccuracy } = request
  const { outlook } = parts
  const best = parts.bestFloor(shape)
  if (minAccuracy !== undefined && !(minAccuracy <= best + 1e-9)) {
    return refusal(
      'no_capable_node',
      `Cannot reach accuracy ${minAccuracy}: ${shape.name} has ${Number(best.toFixed(4))} at best`,
    )
  }
  const level = levelOf(shape, minAccuracy)
  const leftMs = deadlineMs - nowMs
  const capacity = outlook.capacity(nowMs)
  const paths = outlook.pathsAt(nowMs)
  const quickest = paths.quickest(shape.start, level)
  if (quickest === undefined) return whileLoading(request, level, capacity, paths, parts, nowMs)
  if (parts.isFull(shape)) {
    const ms = outlook.deadlines(nowMs).beginsMs(quickest.stationMs, quickest.stationMs)
    return refusal(
      'queue_full',
      `Cannot take a query: too many queries for ${shape.name} are inside`,
      clampRetry(ms),
    )
  }
  const slackMs = Math.max(0, Math.min(leftMs - quickest.chainMs, shape.pipeline.sloMs))
  const test = outlook.deadlines(nowMs)
  const beginsMs = outlook.fairness.overtakenMs(
    shape,
    test.beginsMs(test.aheadOf(deadlineMs), quickest.stationMs, quickest.leadMs),
  )
  const confirmedMs = parts.confirming()?.inMs(request, quickest.chainMs, nowMs) ?? 0
  if (confirmedMs === Infinity) {
    return refusal(
      'no_capable_node',
      `Cannot confirm results for ${shape.name}: no trusted node or auditor can run it`,
      R.noNodeMs,
    )
  }
  const ranMs = Math.max(beginsMs, restMs(capacity, nowMs)) +
    Math.max(quickest.chainMs, quickest.mostMs)
  const needMs = Math.max(ranMs, confirmedMs)
  const variance = varianceOf(quickest, slackMs, beginsMs)
  const worth = outlook.worthOf(quickest.stationMs, deadlineMs, nowMs)
  const served = price.served * (shape.pipeline.weight ?? 1)
  // With no query inside, no query is delayed, whatever the prices say of refused demand.
  const needed = parts.inside() === 0
    ? A.alone
    : Math.min(A.most, Math.max(A.least, worth.price / served)) + worth.risk / served
  const mayEnter = outlook.fairness.mayEnter(shape)
  if (mayEnter && leftMs < Infinity && chanceOf(leftMs - needMs, variance) >= needed) {
    outlook.fairness.entered(shape)
    return slackMs
  }
  const isLate = needMs > leftMs
  return refusal(
    'infeasible_deadline',
    isLate
      ? `Cannot answer within ${Math.round(leftMs)} ms: need about ${Math.ceil(needMs)} ms`
      : `Cannot answer within ${Math.round(leftMs)} ms: it would make other queries late`,
    // A burst may have used up its time before it came here: the client should still try again.
    quickest.chainMs <= Math.max(leftMs, request.timeoutMs ?? leftMs)
      ? clampRetry(Math.max(needMs - leftMs, quickest.mostMs))
      : undefined,
  )
}

function refusal(reason: Refusal['reason'], message: string, retryAfterMs?: number): Refusal {
  return { ok: false, reason, message, ...retryAfterMs === undefined ? {} : { retryAfterMs } }
}

function varianceOf({ variance }: Quickest, slackMs: number, beginsMs: number): number {
  const jitter = price.jitter * slackMs
  const queue = A.spread * beginsMs
  return variance + jitter * jitter + queue * queue + 0.25
}

/** ms until a slot may begin where nodes give only a part of their time: all may rest until then. */
function restMs({ groups }: Capacity, nowMs: number): number {
  if (groups.every(({ duty, slots }) => duty >= slots.length)) return 0
  let soonestMs = Infinity
  for (const { slots } of groups) {
    for (const slot of slots) {
      soonestMs = Math.min(soonestMs, readyAtMs(slot, nowMs))
      if (soonestMs <= nowMs) return 0
    }
  }
  return soonestMs - nowMs
}

/** Some task has no slot: a few queries wait for a variant that is being loaded. */
function whileLoading(
  { shape, deadlineMs, minAccuracy }: AdmissionRequest,
  level: number,
  capacity: Capacity,
  paths: Paths,
  { arrivals, inside }: AdmissionParts,
  nowMs: number,
): Refusal | number {
  const servedInMs = Math.max(
    ...shape.tasks.map(({ variants }) => {
      const most = Math.max(...variants.map(({ accuracy }) => accuracy))
      const fit = level === 0 ? variants : variants.filter(({ accuracy }) => accuracy === most)
      return Math.min(
        ...fit.map((variant) =>
          capacity.services[variant.index] !== undefined ? 0 : arrivals.inMs(variant, nowMs)
        ),
      )
    }),
  )
  const slackMs = deadlineMs - nowMs - servedInMs / A.loaded
  if (slackMs > 0 && inside() < R.waitingPerLoad * Math.max(arrivals.count, 1)) return slackMs
  return refusal(
    'no_capable_node',
    level > 0 && paths.quickest(shape.start, 0) !== undefined
      ? `Cannot reach accuracy ${minAccuracy} now: no nodes hold such variants of ${shape.name}`
      : `Cannot serve ${shape.name}: no node holds a variant for every task`,
    arrivals.count > 0 ? R.loadingMs : R.noNodeMs,
  )
}
