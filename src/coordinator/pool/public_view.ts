/**
 * The scheduler's plan and statistics under the names that applications know: two versions of a
 * pipeline, while one replaces the other, are one.
 *
 * @module
 */
import { publicName } from '../../pipeline/version.ts'
import type { Plan, SchedulerStats } from '../../policy/core/types.ts'

export function publicPlan(plan: Plan): Plan {
  const renamed = <One extends { pipeline: string }>(rows: One[]): One[] =>
    rows.map((row) => ({ ...row, pipeline: publicName(row.pipeline) }))
  return { ...plan, mix: renamed(plan.mix), instances: renamed(plan.instances) }
}

export function publicStats(stats: SchedulerStats): SchedulerStats {
  const names = Object.keys(stats.pipelines)
  if (names.every((name) => publicName(name) === name)) return stats
  const pipelines: SchedulerStats['pipelines'] = {}
  for (const [name, counts] of Object.entries(stats.pipelines)) {
    const known = pipelines[publicName(name)]
    pipelines[publicName(name)] = known === undefined ? counts : {
      arrived: known.arrived + counts.arrived,
      onTime: known.onTime + counts.onTime,
      cancelled: known.cancelled + counts.cancelled,
      inFlight: known.inFlight + counts.inFlight,
      accuracySum: known.accuracySum + counts.accuracySum,
      failed: summed(known.failed, counts.failed),
      queued: summed(known.queued, counts.queued),
    }
  }
  return { ...stats, pipelines }
}

function summed(a: { [key: string]: number }, b: { [key: string]: number }) {
  const sums = { ...a }
  for (const [key, count] of Object.entries(b)) sums[key] = (sums[key] ?? 0) + count
  return sums
}
