/**
 * The result of a simulated run: the agreed fields, and what each workload had of it.
 *
 * Ratios and accuracies are in 0..1; a ratio of nothing is 0. All is virtual time but
 * `planSolveMsP95`, which is what the solves really took on this machine.
 *
 * @module
 */
import type { Account, Totals } from './account.ts'
import type { Usage, UsageTotals } from './usage.ts'

export interface Row {
  roots: number
  onTime: number
  late: number
  dropped: number
  violationRatio: number
  effectiveAccuracy: number
}

export interface SimulationResult extends Row {
  policy: string
  /** Nodes that ran a batch in a second: mean and most over the seconds of the trace. */
  meanActiveNodes: number
  peakActiveNodes: number
  planSolveMsP95: number
  /** Bins of one second; a query belongs to the bin that it arrived in. */
  timeline: {
    t: number
    demand: number
    violationRatio: number
    effectiveAccuracy: number
    activeNodes: number
  }[]
  workloads: ({ pipeline: string } & Row)[]
  /** Only where a class or the scenario asks for it. */
  elastic?: ElasticUse
}

/** What was in use while the trace lasted; joules are modelled. */
export interface ElasticUse extends UsageTotals {
  /** Of answers on time; 0 where there is none. */
  meanLatencyMs: number
  p95LatencyMs: number
}

const ratio = (part: number, whole: number) => whole === 0 ? 0 : part / whole

function rowOf({ roots, onTime, late, dropped, accuracySum }: Totals): Row {
  return {
    roots,
    onTime,
    late,
    dropped,
    violationRatio: ratio(roots - onTime, roots),
    effectiveAccuracy: ratio(accuracySum, onTime),
  }
}

export function resultOf(
  policy: string,
  account: Account,
  pipelines: readonly string[],
  solveMs: readonly number[],
  usage?: Usage,
): SimulationResult {
  const total: Totals = { roots: 0, onTime: 0, late: 0, dropped: 0, accuracySum: 0 }
  for (const one of account.workloads) {
    for (const name of Object.keys(total) as (keyof Totals)[]) total[name] += one[name]
  }
  const active = account.bins.map(({ activeNodes }) => activeNodes)
  return {
    policy,
    ...rowOf(total),
    meanActiveNodes: active.reduce((sum, count) => sum + count, 0) / active.length,
    peakActiveNodes: active.reduce((most, count) => Math.max(most, count), 0),
    planSolveMsP95: p95Of(solveMs),
    timeline: account.bins.map(({ roots, onTime, accuracySum, activeNodes }, t) => ({
      t,
      demand: roots,
      violationRatio: ratio(roots - onTime, roots),
      effectiveAccuracy: ratio(accuracySum, onTime),
      activeNodes,
    })),
    workloads: account.workloads.map((totals, i) => ({
      pipeline: pipelines[i]!,
      ...rowOf(totals),
    })),
    ...usage === undefined ? {} : { elastic: elasticOf(account, usage) },
  }
}

function elasticOf({ latenciesMs }: Account, usage: Usage): ElasticUse {
  const sum = latenciesMs.reduce((sum, ms) => sum + ms, 0)
  return {
    ...usage.totals(),
    meanLatencyMs: ratio(sum, latenciesMs.length),
    p95LatencyMs: p95Of(latenciesMs),
  }
}

/** 0 of none. */
function p95Of(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0
}
