/**
 * Counts of queries and batches as they end, for `/metrics` and for the statistics of the Open
 * Inference Protocol. Other metrics are read at each scrape (`metrics.ts`).
 *
 * @module
 */
import type { Pipeline } from '../../../pipeline/schema.ts'
import { publicName } from '../../../pipeline/version.ts'
import type { Answer, Standing } from '../../../policy/core/types.ts'
import { createHistogram, type Histogram, type Series } from './histogram.ts'
import { longestOfTasks } from './longest.ts'

/** A number of events, and their time in all. */
export interface Spent {
  count: number
  ms: number
}

/** Counts of one pipeline since the start. */
export interface PipelineTotals {
  /** Pictures answered with a result. */
  answered: number
  /** Time of the last request, milliseconds since the epoch; 0 before the first. */
  lastRequestAtMs: number
  /** Requests, which may have several pictures. */
  success: Spent
  fail: Spent
  /**
   * Times of requests with a result: waits by the longest at each task, computation of all batches.
   */
  queue: Spent
  network: Spent
  compute: Spent
  /** By the number of items in a batch. */
  batches: Map<number, { network: Spent; compute: Spent }>
  /** Requests that never became queries, by reason. */
  rejected: Map<string, number>
  batchesFailed: number
}

type Finished = Extract<Answer, { ok: true }>

export interface Telemetry {
  histograms: readonly Histogram[]
  /** Begins the counts of a new version of a pipeline. */
  opened(pipeline: Pipeline): void
  pipelines: ReadonlyMap<string, PipelineTotals>
  /** @param latencyMs from arrival to answer */
  answered(pipeline: string, answer: Answer, latencyMs: number): void
  cancelled(pipeline: string, latencyMs: number): void
  requestDone(pipeline: string, answers: readonly Finished[], latencyMs: number): void
  /** @param rejected why the request never became a query; absent where it did */
  requestFailed(pipeline: string, latencyMs: number, rejected?: string): void
  batch(pipeline: string, task: string, size: number, computeMs: number, networkMs: number): void
  batchFailed(pipeline: string): void
  planned(solveMs: number): void
  joined(): void
  left(bytesSent: number, bytesReceived: number): void
  /** Notes that a node is trusted more than before, or less. */
  judged(standing: Standing): void
  /** Changes of trust, by the standing that a node got. */
  judgements: ReadonlyMap<Standing, number>
  nodes: { joined: number; left: number; bytesSent: number; bytesReceived: number }
}

/** Upper bounds of buckets. */
export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const ITEMS = [1, 2, 4, 8, 16, 32, 64]

interface TaskSeries {
  queue: Series
  network: Series
  compute: Series
  size: Series
}

interface Noted {
  totals: PipelineTotals
  tasks: Map<string, TaskSeries>
  onTime: Series
  failed: Series
}

/** @param wallMs the time of day, milliseconds since the epoch */
export function createTelemetry(
  pipelines: readonly Pipeline[],
  wallMs: () => number = Date.now,
): Telemetry {
  const histograms: Histogram[] = []
  const seconds = (name: string, help: string) =>
    createHistogram(histograms, { name, help, bounds: SECONDS })
  const durations = seconds(
    'shoal_query_duration_seconds',
    'From the arrival of a query to its answer, by whether there was a result',
  )
  const queues = seconds('shoal_stage_queue_seconds', 'What items waited in a queue')
  const networks = seconds('shoal_batch_network_seconds', 'What batches spent on links')
  const computes = seconds('shoal_batch_compute_seconds', 'What nodes took for batches')
  const sizes = createHistogram(histograms, {
    ...{ name: 'shoal_batch_size', help: 'Items in a batch', bounds: ITEMS },
  })
  const solves = seconds('shoal_plan_solve_seconds', 'What the planner took for a placement')({})

  const noted = new Map<string, Noted>()
  const find = (name: string) => noted.get(publicName(name))

  /** A later version of a pipeline continues its counts; its tasks may be others. */
  function opened({ name, tasks }: Pipeline): void {
    const pipeline = publicName(name)
    let of = noted.get(pipeline)
    if (of === undefined) {
      of = {
        totals: nothing(),
        tasks: new Map(),
        onTime: durations({ pipeline, outcome: 'on_time' }),
        failed: durations({ pipeline, outcome: 'failed' }),
      }
      noted.set(pipeline, of)
    }
    for (const task of Object.keys(tasks)) {
      if (of.tasks.has(task)) continue
      of.tasks.set(task, {
        queue: queues({ pipeline, task }),
        network: networks({ pipeline, task }),
        compute: computes({ pipeline, task }),
        size: sizes({ pipeline, task }),
      })
    }
  }
  pipelines.forEach(opened)
  const nodes = { joined: 0, left: 0, bytesSent: 0, bytesReceived: 0 }
  const judgements = new Map<Standing, number>()

  return {
    histograms,
    opened,
    pipelines: new Map([...noted].map(([name, { totals }]) => [name, totals])),
    nodes,
    judgements,
    judged: (standing) => void judgements.set(standing, (judgements.get(standing) ?? 0) + 1),
    answered(pipeline, answer, latencyMs) {
      const of = find(pipeline)
      if (of === undefined) return
      if (!answer.ok) return of.failed.observe(latencyMs / 1000)
      of.totals.answered++
      of.onTime.observe(latencyMs / 1000)
      for (const { task, queueMs } of answer.stages) {
        of.tasks.get(task)?.queue.observe(queueMs / 1000)
      }
    },
    cancelled: (pipeline, latencyMs) => find(pipeline)?.failed.observe(latencyMs / 1000),
    requestDone(pipeline, answers, latencyMs) {
      const totals = find(pipeline)?.totals
      if (totals === undefined) return
      totals.lastRequestAtMs = wallMs()
      add(totals.success, latencyMs)
      let queueMs = 0
      let networkMs = 0
      let computeMs = 0
      // Pictures of one request are under way at the same time.
      for (const { stages } of answers) {
        queueMs = Math.max(queueMs, longestOfTasks(stages, 'queueMs'))
        networkMs = Math.max(networkMs, longestOfTasks(stages, 'networkMs'))
        for (const stage of stages) computeMs += stage.computeMs
      }
      add(totals.queue, queueMs)
      add(totals.network, networkMs)
      add(totals.compute, computeMs)
    },
    requestFailed(pipeline, latencyMs, reason) {
      const totals = find(pipeline)?.totals
      if (totals === undefined) return
      totals.lastRequestAtMs = wallMs()
      add(totals.fail, latencyMs)
      if (reason === undefined) return
      totals.rejected.set(reason, (totals.rejected.get(reason) ?? 0) + 1)
    },
    batch(pipeline, task, size, computeMs, networkMs) {
      const of = find(pipeline)
      const series = of?.tasks.get(task)
      if (of === undefined || series === undefined) return
      series.size.observe(size)
      series.compute.observe(computeMs / 1000)
      series.network.observe(networkMs / 1000)
      const { batches } = of.totals
      let spent = batches.get(size)
      if (spent === undefined) batches.set(size, spent = { network: none(), compute: none() })
      add(spent.network, networkMs)
      add(spent.compute, computeMs)
    },
    batchFailed(pipeline) {
      const of = find(pipeline)
      if (of !== undefined) of.totals.batchesFailed++
    },
    planned: (solveMs) => solves.observe(solveMs / 1000),
    joined: () => void nodes.joined++,
    left(bytesSent, bytesReceived) {
      nodes.left++
      nodes.bytesSent += bytesSent
      nodes.bytesReceived += bytesReceived
    },
  }
}

const none = (): Spent => ({ count: 0, ms: 0 })

const nothing = (): PipelineTotals => ({
  answered: 0,
  lastRequestAtMs: 0,
  ...{ success: none(), fail: none(), queue: none(), network: none(), compute: none() },
  batches: new Map(),
  rejected: new Map(),
  batchesFailed: 0,
})

function add(spent: Spent, ms: number): void {
  spent.count++
  spent.ms += ms
}
