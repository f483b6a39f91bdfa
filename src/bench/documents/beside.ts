/** Queries that do not wait, beside the job, and what became of them in each part of the run. @module */
import { askOverHttp } from '../../../demo/load/ask.ts'
import { runLoad } from '../../../demo/load/run.ts'
import { tally } from '../../../demo/load/tally.ts'
import type { Asked, Body } from '../../../demo/load/types.ts'
import { sumOf } from '../tools.ts'
import { DOCUMENTS } from './params.ts'

/** Parts of the run; the last is from the coordinator's end until it serves again. */
export const WINDOWS = [
  ...['without the job', 'beside the job', 'beside the job, nodes killed'] as const,
  'the coordinator away',
] as const
export type Window = (typeof WINDOWS)[number]

/** On the clock of the load, ms. */
export interface Span {
  window: Window
  fromMs: number
  toMs: number
}

/** Longer than any run. */
const LENGTH_S = 24 * 3600

/** At random moments, whatever became of the queries before. */
export function startLoad(url: string, body: Body) {
  const asked: Asked[] = []
  const over = new AbortController()
  const startMs = performance.now()
  const order = {
    ...{ url, pipeline: 'ocr', arrivals: 'poisson' as const, seed: DOCUMENTS.seed },
    trace: { binSeconds: LENGTH_S, rates: [1 / DOCUMENTS.queryEachS] },
  }
  const done = runLoad(order, {
    ask: (query) => askOverHttp(order, body, query),
    told: (one) => asked.push(one),
    signal: over.signal,
  })
  return {
    /** What was answered until now. */
    asked,
    nowMs: () => performance.now() - startMs,
    /** Sends no more. Resolves when all are answered. */
    async end() {
      over.abort()
      await done
    },
  }
}

/** @param spans in order; a query that was under way while the coordinator was away counts as such */
export function windowsOf(all: readonly Asked[], spans: readonly Span[]) {
  const away = spans.filter(({ window }) => window === 'the coordinator away')
  const windowOf = ({ dueMs, latencyMs }: Asked): Window | undefined =>
    away.some(({ fromMs, toMs }) => dueMs < toMs && dueMs + latencyMs > fromMs)
      ? 'the coordinator away'
      : spans.find(({ fromMs, toMs }) => dueMs >= fromMs && dueMs < toMs)?.window
  return WINDOWS.flatMap((window) => {
    const own = spans.filter((span) => span.window === window)
    if (own.length === 0) return []
    const mine = all.filter((one) => windowOf(one) === window)
    const { queries, onTime, effectiveAccuracy, latencyMs, outcomes } = tally(mine, DOCUMENTS.sloMs)
    return [{
      ...{ window, seconds: sumOf(own.map(({ fromMs, toMs }) => (toMs - fromMs) / 1000)) },
      ...{ outcomes, queries, violations: queries - onTime, accuracy: effectiveAccuracy },
      ...{ p50Ms: latencyMs?.p50 ?? null, p95Ms: latencyMs?.p95 ?? null },
    }]
  })
}
