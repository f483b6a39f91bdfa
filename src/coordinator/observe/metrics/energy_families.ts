/**
 * Energy of the pool as metrics: seconds that were counted, and joules modelled from them.
 *
 * @module
 */
import type { PipelineEnergy } from '../../../client/types.ts'
import type { Family } from './family.ts'

const perPipeline =
  (value: (one: PipelineEnergy & { answeredJ: number }) => number): Family[4] => ({ energy }) =>
    Object.entries(energy.pipelines).map(([pipeline, one]) => [value(one), { pipeline }])

export const ENERGY: Family[] = [
  [
    'Counter',
    'shoal_awake_node_seconds_total',
    'Seconds that nodes had work or could be given some, counted',
    [],
    ({ energy }) => [[energy.awakeNodeS]],
  ],
  [
    'Counter',
    'shoal_busy_slot_seconds_total',
    'Seconds that slots ran batches, counted',
    ['pipeline'],
    perPipeline(({ busySlotS }) => busySlotS),
  ],
  [
    'Counter',
    'shoal_energy_joules_total',
    'Energy that the pool took, modelled from those seconds and not measured',
    [],
    ({ energy }) => [[energy.modelledJ]],
  ],
  [
    'Counter',
    'shoal_query_energy_joules_total',
    'Energy of the queries with a result, each its share of its batches, modelled and not measured',
    ['pipeline'],
    perPipeline(({ answeredJ }) => answeredJ),
  ],
  [
    'Gauge',
    'shoal_power_watts',
    'Power that the pool takes now, modelled and not measured',
    [],
    ({ energy }) => [[energy.modelledW]],
  ],
]
