/**
 * Metrics that are read from the pool at each scrape. No label names a node: nodes come and go, and
 * each would stay a series for ever.
 *
 * @module
 */
import { publicName } from '../../../pipeline/version.ts'
import type { SchedulerStats, Standing } from '../../../policy/core/types.ts'
import { ENERGY } from './energy_families.ts'
import type { Family, ReadJobs, Row, Scrape, Watched } from './family.ts'
import { JOBS } from './job_families.ts'

const STATES = ['active', 'standby', 'resting', 'paused', 'quarantined']
const MODES = ['hardware', 'accuracy', 'saturated']

const perPipeline = (
  value: (stats: SchedulerStats['pipelines'][string]) => number,
): Family[4] =>
({ pipelines }) => pipelines.map(([pipeline, stats]) => [value(stats), { pipeline }])

const QUERIES: Family[] = [
  [
    'Counter',
    'shoal_queries_total',
    'Queries that ended, by outcome: on_time, cancelled, or why there was no result',
    ['pipeline', 'outcome'],
    ({ pipelines }) =>
      pipelines.flatMap(([pipeline, { onTime, cancelled, failed }]) =>
        Object.entries({ on_time: onTime, cancelled, ...failed })
          .map(([outcome, count]): Row => [count, { pipeline, outcome }])
      ),
  ],
  [
    'Counter',
    'shoal_queries_arrived_total',
    'Queries that reached the scheduler',
    ['pipeline'],
    perPipeline(({ arrived }) => arrived),
  ],
  [
    'Counter',
    'shoal_query_accuracy_total',
    'Sum of the path accuracy of the queries on time; divided by their number it is the mean',
    ['pipeline'],
    perPipeline(({ accuracySum }) => accuracySum),
  ],
  [
    'Counter',
    'shoal_requests_rejected_total',
    'Requests that never were queries: bad input, another type, too large',
    ['pipeline', 'reason'],
    ({ totals }) =>
      [...totals].flatMap(([pipeline, { rejected }]) =>
        [...rejected].map(([reason, count]): Row => [count, { pipeline, reason }])
      ),
  ],
  [
    'Gauge',
    'shoal_queries_in_flight',
    'Queries inside',
    ['pipeline'],
    perPipeline(({ inFlight }) => inFlight),
  ],
  [
    'Gauge',
    'shoal_queue_depth',
    'Items that wait for a slot',
    ['pipeline', 'task'],
    ({ pipelines }) =>
      pipelines.flatMap(([pipeline, { queued }]) =>
        Object.entries(queued).map(([task, count]): Row => [count, { pipeline, task }])
      ),
  ],
]

const BATCHES: Family[] = [
  [
    'Counter',
    'shoal_batches_closed_total',
    'Batches, by why they were closed at the size they had',
    ['reason'],
    ({ batchCloses }) => Object.entries(batchCloses).map(([reason, count]) => [count, { reason }]),
  ],
  [
    'Counter',
    'shoal_batches_failed_total',
    'Batches that came to nothing: their node left or lost them',
    ['pipeline'],
    ({ totals }) => [...totals].map(([pipeline, one]) => [one.batchesFailed, { pipeline }]),
  ],
]

const NODES: Family[] = [
  [
    'Gauge',
    'shoal_nodes',
    'Nodes, by state',
    ['state'],
    ({ nodes }) =>
      STATES.map((state) => [nodes.filter((node) => node.state === state).length, { state }]),
  ],
  [
    'Gauge',
    'shoal_slots',
    'Slots of all nodes, by backend',
    ['backend'],
    ({ nodes }) => nodes.map(({ backend, slots }) => [slots, { backend }]),
  ],
  [
    'Gauge',
    'shoal_instances',
    'Variants that slots hold warm',
    ['pipeline', 'task', 'variant'],
    ({ held }) => held.flatMap((keys) => [...keys].map((key): Row => [1, variantOf(key)])),
  ],
  [
    'Counter',
    'shoal_nodes_joined_total',
    'Links on which a node introduced itself',
    [],
    ({ traffic }) => [[traffic.joined]],
  ],
  [
    'Counter',
    'shoal_nodes_left_total',
    'Links of nodes that ended',
    [],
    ({ traffic }) => [[traffic.left]],
  ],
  [
    'Counter',
    'shoal_link_bytes_total',
    'Bytes to and from nodes',
    ['direction'],
    ({ traffic, nodes }) => [
      [traffic.bytesSent, { direction: 'sent' }],
      [traffic.bytesReceived, { direction: 'received' }],
      ...nodes.flatMap((node): Row[] => [
        [node.bytesSent, { direction: 'sent' }],
        [node.bytesReceived, { direction: 'received' }],
      ]),
    ],
  ],
]

const TRUST: Family[] = [
  [
    'Counter',
    'shoal_extra_items_total',
    'Items run besides those of queries: to compare, with known answers, in place of late ones, by the auditor',
    ['kind'],
    ({ extra }) => {
      const { replicas = 0, canaries = 0, hedges = 0, audits = 0 } = extra ?? {}
      return [
        [replicas, { kind: 'replica' }],
        [canaries, { kind: 'canary' }],
        [hedges, { kind: 'hedge' }],
        [audits, { kind: 'audit' }],
      ]
    },
  ],
  [
    'Counter',
    'shoal_nodes_judged_total',
    'How often a node came to be trusted, to be proving itself, or into quarantine',
    ['standing'],
    ({ judgements }) =>
      ['trusted', 'proving', 'quarantined'].map((standing): Row => [
        judgements.get(standing as Standing) ?? 0,
        { standing },
      ]),
  ],
]

const PLAN: Family[] = [
  ['Gauge', 'shoal_plan_epoch', 'Number of the plan in force', [], ({ plan }) => [[plan.epoch]]],
  [
    'Gauge',
    'shoal_plan_objective',
    'Accuracy-weighted queries per second that the plan carries',
    [],
    ({ plan }) => [[plan.objective]],
  ],
  ['Gauge', 'shoal_plan_bound', 'No plan carries more', [], ({ plan }) => [[plan.bound]]],
  [
    'Gauge',
    'shoal_plan_gap_ratio',
    'What the plan may fall short of the bound',
    [],
    ({ plan }) => [[plan.gap]],
  ],
  [
    'Gauge',
    'shoal_plan_mode',
    '1 for the mode of the plan in force',
    ['mode'],
    ({ plan }) => MODES.map((mode) => [mode === plan.mode ? 1 : 0, { mode }]),
  ],
]

const SERVER: Family[] = [
  [
    'Gauge',
    'shoal_ready',
    '1 when each pipeline has a warm instance for every task',
    [],
    ({ ready }) => [[ready ? 1 : 0]],
  ],
  [
    'Gauge',
    'process_resident_memory_bytes',
    'Resident memory of the coordinator',
    [],
    () => [[Deno.memoryUsage().rss]],
  ],
]

export const FAMILIES: readonly Family[] = [
  ...QUERIES,
  ...BATCHES,
  ...JOBS,
  ...NODES,
  ...TRUST,
  ...ENERGY,
  ...PLAN,
  ...SERVER,
]

/** Reads all parts of the pool at once. */
export function scrapeOf(watched: Watched, readJobs?: ReadJobs): Scrape {
  const { pipelines, nodes, judgements } = watched.telemetry
  const stats = watched.stats()
  return {
    pipelines: Object.entries(stats.pipelines),
    batchCloses: stats.batchCloses,
    ...stats.extra === undefined ? {} : { extra: stats.extra },
    judgements,
    ...{ totals: pipelines, traffic: nodes, plan: watched.plan(), nodes: watched.nodes() },
    ...{ held: watched.held(), ready: watched.ready(), energy: watched.energy() },
    jobs: readJobs?.() ?? {},
  }
}

function variantOf(key: string) {
  const [, pipeline = '', task = '', variant = ''] = key.split(' ')
  return { pipeline: publicName(pipeline), task, variant }
}
