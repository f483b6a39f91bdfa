/**
 * Energy in `/v1/stats`, beside the scheduler's counts.
 *
 * @module
 */
import type { PipelineEnergy, StatsInfo } from '../../../client/types.ts'
import type { SchedulerStats } from '../../../policy/core/types.ts'
import type { EnergyReading } from './meter.ts'

const NONE: PipelineEnergy = { busySlotS: 0, modelledJ: 0, modelledJPerQuery: null }

export function withEnergy(
  stats: SchedulerStats,
  { pipelines, ...energy }: EnergyReading,
): Omit<StatsInfo, 'uptimeMs' | 'listeners'> {
  const all: StatsInfo['pipelines'] = {}
  for (const [name, counts] of Object.entries(stats.pipelines)) {
    const { busySlotS, modelledJ, modelledJPerQuery } = pipelines[name] ?? NONE
    all[name] = { ...counts, busySlotS, modelledJ, modelledJPerQuery }
  }
  return { ...stats, pipelines: all, energy }
}
