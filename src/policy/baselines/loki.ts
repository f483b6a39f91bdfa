/**
 * `loki`: Loki, tuned as well as it can be without rules of another system: the one to beat.
 *
 * As `loki-published`, but: tables are followed by smooth round robin instead of lots; plan and
 * router fill workers to a share of their throughput only, so that queues stay short; demand beyond
 * it goes to each worker by its capacity; the drop policy is the one that did best, at a leaf what
 * cannot end in time.
 *
 * @module
 */
import { workConserving } from './batching.ts'
import { dropRuleOf } from './drops.ts'
import { accuracyScaling, hardwareScaling } from './plans.ts'
import type { Strategy } from './strategy.ts'

const OPTIONS = { cap: 0.85, halving: 2 }

export const loki = (drop: string | undefined): Strategy => ({
  name: 'loki',
  allocate: (problem) => hardwareScaling(problem, OPTIONS) ?? accuracyScaling(problem, OPTIONS),
  replans: true,
  routerCap: OPTIONS.cap,
  leftover: 'capacity',
  pick: 'smooth',
  drop: dropRuleOf(drop, 'last-task'),
  batching: workConserving,
  dropsAhead: true,
})
