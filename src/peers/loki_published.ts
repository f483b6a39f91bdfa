/**
 * `loki-published`: Loki as its paper describes it (HPDC 2024, sections 4 and 5).
 *
 * From the paper: hardware scaling, then accuracy scaling; the halved latency budget; throughput
 * planned to the full; MostAccurateFirst tables each second, which workers draw lots from; early
 * binding to a worker's queue; per-task budgets of twice the batch latency; opportunistic rerouting
 * (or another of its four drop policies).
 * From the artifact: demand beyond all capacity goes to all workers of the task alike.
 * Different: every device class has its own throughput, and the mean latency counts for feasibility
 * (the paper has one class); where neither step can carry the demand, as much as can be is served
 * (the artifact stops); swaps cost time (they cost nothing in its simulator); a batch lost with its
 * node is tried again.
 *
 * @module
 */
import { workConserving } from './batching.ts'
import { dropRuleOf } from './drops.ts'
import { accuracyScaling, hardwareScaling } from './plans.ts'
import type { Strategy } from './strategy.ts'

const OPTIONS = { cap: 1, halving: 2 }

export const lokiPublished = (drop: string | undefined): Strategy => ({
  name: 'loki-published',
  allocate: (problem) => hardwareScaling(problem, OPTIONS) ?? accuracyScaling(problem, OPTIONS),
  replans: true,
  routerCap: 1,
  leftover: 'equal',
  pick: 'lot',
  drop: dropRuleOf(drop, 'rerouting'),
  batching: workConserving,
})
