/**
 * Runs cells of a suite, one at a time, in a thread of its own.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { durationS } from '../../arrivals.ts'
import { runPolicy } from '../../run_policy.ts'
import { onTimeOf } from '../../report/report.ts'
import type { SimulationResult } from '../../result.ts'
import { checkScenario } from '../../scenario.ts'
import type { Outcome } from '../rows.ts'
import type { Case, Contender } from '../suite.ts'
import { yardstickNs } from './yardstick.ts'

export interface CellTask {
  scenario: Case['scenario']
  contender: Contender
  curve: boolean
  timed: boolean
  fromS: number
  limits?: NonNullable<Case['limits']>
}

export type CellReply = { ok: true; outcome: Outcome } | { ok: false; message: string }

function run({ scenario, contender, curve, timed, fromS, limits }: CellTask): Outcome {
  const checked = checkScenario(scenario, 'suite')
  const { result, faults, ...times } = runPolicy(checked, contender, {
    timed,
    ...limits === undefined ? {} : { limits },
  })
  const { timeline, workloads, ...totals } = result
  return {
    result: {
      ...totals,
      ...fromS > 0 ? totalsFrom(timeline, fromS) : {},
      ...curve ? { timeline } : {},
      ...workloads.length > 1 ? { workloads } : {},
    },
    seconds: Math.max(...checked.workloads.map(({ trace }) => durationS(trace))),
    faults: Object.fromEntries(faults),
    ...times,
    ...timed ? { yardstickNs: yardstickNs() } : {},
  }
}

/** Of the queries that came after so many seconds. */
function totalsFrom(timeline: SimulationResult['timeline'], fromS: number) {
  const bins = timeline.filter(({ t }) => t >= fromS)
  const sum = (of: (bin: SimulationResult['timeline'][number]) => number) =>
    bins.reduce((total, bin) => total + of(bin), 0)
  const roots = sum(({ demand }) => demand)
  const onTime = sum(onTimeOf)
  return {
    roots,
    violationRatio: 1 - onTime / Math.max(roots, 1),
    effectiveAccuracy: sum((bin) => onTimeOf(bin) * bin.effectiveAccuracy) / Math.max(onTime, 1),
  }
}

if (typeof WorkerGlobalScope !== 'undefined' && self instanceof WorkerGlobalScope) {
  self.onmessage = ({ data }: MessageEvent<CellTask>) => {
    let reply: CellReply
    try {
      reply = { ok: true, outcome: run(data) }
    } catch (error) {
      reply = { ok: false, message: (error as Error).message }
    }
    self.postMessage(reply)
  }
}
