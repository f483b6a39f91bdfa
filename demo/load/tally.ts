/**
 * From what became of each query to a result: percentiles, outcomes, accuracy, the course of it.
 *
 * @module
 */
import { quantile, wilson } from '../../src/cli/statistics.ts'
import { type Served, tallyServed } from './served.ts'
import type { Asked } from './types.ts'

export interface Percentiles {
  p50: number
  p90: number
  p95: number
  p99: number
  p999: number
  max: number
}

export interface LoadResult {
  queries: number
  /** From the start to the last answer. */
  tookS: number
  /** Answered with a result within the deadline, reckoned from when the query was due. */
  onTime: number
  onTimePerS: number
  violationRatio: number
  /** 95 % interval of that after Wilson. */
  violationsAtLeast: number
  violationsAtMost: number
  /** Mean accuracy of what was on time; null where nothing was. */
  effectiveAccuracy: number | null
  /** By status and reason: `200 on_time`, `200 late`, `503 queue_full`, `0 TimeoutError`. */
  outcomes: { [outcome: string]: number }
  /** From due to answer, of those that got a result, and of all; null where there were none. */
  latencyMs: Percentiles | null
  allLatencyMs: Percentiles | null
  /** How late queries were sent; what a busy machine adds, part of their latency. */
  sentLateMs: Percentiles | null
  /** By the second in which queries were due. */
  seconds: Second[]
  /** What each node did, by its name. */
  nodes: Served
}

export interface Second {
  asked: number
  onTime: number
  /** With a result, late; and without a result. */
  late: number
  refused: number
  accuracy: number | null
  p95Ms: number | null
}

export const isOnTime = ({ status, latencyMs }: Asked, deadlineMs: number): boolean =>
  status === 200 && latencyMs <= deadlineMs

export function outcomeOf(asked: Asked, deadlineMs: number): string {
  const { status, reason = 'no_reason' } = asked
  if (status !== 200) return `${status} ${reason}`
  return isOnTime(asked, deadlineMs) ? '200 on_time' : '200 late'
}

/** @param deadlineMs what each query had */
export function tally(all: readonly Asked[], deadlineMs: number): LoadResult {
  const good = all.filter((one) => isOnTime(one, deadlineMs))
  const outcomes: LoadResult['outcomes'] = {}
  for (const one of all) {
    const outcome = outcomeOf(one, deadlineMs)
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
  const tookS = all.reduce((most, one) => Math.max(most, one.dueMs + one.latencyMs), 0) / 1000
  const bad = all.length - good.length
  const [violationsAtLeast, violationsAtMost] = wilson(bad, all.length)
  return {
    queries: all.length,
    tookS: round(tookS, 2),
    onTime: good.length,
    onTimePerS: round(good.length / Math.max(tookS, 1e-3), 2),
    violationRatio: round(bad / Math.max(all.length, 1), 5),
    violationsAtLeast: round(violationsAtLeast, 5),
    violationsAtMost: round(violationsAtMost, 5),
    effectiveAccuracy: meanAccuracy(good),
    outcomes: Object.fromEntries(Object.entries(outcomes).sort()),
    latencyMs: percentiles(all.filter(({ status }) => status === 200).map((one) => one.latencyMs)),
    allLatencyMs: percentiles(all.map(({ latencyMs }) => latencyMs)),
    sentLateMs: percentiles(all.map(({ sentMs, dueMs }) => Math.max(0, sentMs - dueMs))),
    seconds: secondsOf(all, deadlineMs),
    nodes: tallyServed(all),
  }
}

function secondsOf(all: readonly Asked[], deadlineMs: number): Second[] {
  const bySecond: Asked[][] = []
  for (const one of all) (bySecond[Math.floor(one.dueMs / 1000)] ??= []).push(one)
  return Array.from(bySecond, (mine = []) => {
    const good = mine.filter((one) => isOnTime(one, deadlineMs))
    const served = mine.filter(({ status }) => status === 200)
    return {
      asked: mine.length,
      onTime: good.length,
      late: served.length - good.length,
      refused: mine.length - served.length,
      accuracy: meanAccuracy(good),
      p95Ms: percentiles(served.map(({ latencyMs }) => latencyMs))?.p95 ?? null,
    }
  })
}

function meanAccuracy(good: readonly Asked[]): number | null {
  if (good.length === 0) return null
  return round(good.reduce((sum, { accuracy = 0 }) => sum + accuracy, 0) / good.length, 5)
}

function percentiles(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => round(quantile(sorted, share), 1)
  return {
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
    max: round(sorted.at(-1)!, 1),
  }
}

const round = (value: number, digits: number) => Number(value.toFixed(digits))
