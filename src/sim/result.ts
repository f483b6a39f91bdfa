/**
 * The result of a simulated run: the agreed fields, and what each workload had of it.
 *
 * Ratios and accuracies are in 0..1; a ratio of nothing is 0. All is virtual time but
 * `planSolveMsP95`, which is what the solves really took on this machine.
 *
 * @module
 */
import type { Account, Totals } from './account.ts'

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
): SimulationResult {
  const total: Totals = { roots: 0, onTime: 0, late: 0, dropped: 0, accuracySum: 0 }
  for (const one of account.workloads) {
    for (const name of Object.keys(total) as (keyof Totals)[]) total[name] += one[name]
  }
  const active = account.bins.map(({ activeNodes }) => activeNodes)
  const sorted = [...solveMs].sort((a, b) => a - b)
  return {
    policy,
    ...rowOf(total),
    meanActiveNodes: active.reduce((sum, count) => sum + count, 0) / active.length,
    peakActiveNodes: active.reduce((most, count) => Math.max(most, count), 0),
    planSolveMsP95: sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0,
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
  }
}
