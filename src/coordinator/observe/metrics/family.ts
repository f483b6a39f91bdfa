/**
 * The shape of a metric, and the reading that its rows are made of.
 *
 * @module
 */
import type { NodeInfo } from '../../../client/types.ts'
import type { Plan, SchedulerStats } from '../../../policy/core/types.ts'
import type { EnergyReading } from '../energy/meter.ts'
import type { Telemetry } from './telemetry.ts'

/** The source of a reading; a pool fits. */
export interface Watched {
  telemetry: Telemetry
  stats(): SchedulerStats
  plan(): Plan
  nodes(): NodeInfo[]
  /** Variants held warm by each node, as `slot pipeline task variant`. */
  held(): readonly ReadonlySet<string>[]
  ready(): boolean
  energy(): EnergyReading
}

export type ReadJobs = () => JobsReading

/** By pipeline: jobs that have not ended, and the pages of all. */
export type JobsReading = Record<
  string,
  { inTime: number; late: number; unknown: number; left: number; done: number; failed: number }
>

/** The state of the pool at one moment. */
export interface Scrape extends Pick<SchedulerStats, 'batchCloses' | 'extra'> {
  pipelines: [pipeline: string, SchedulerStats['pipelines'][string]][]
  totals: Telemetry['pipelines']
  traffic: Telemetry['nodes']
  judgements: Telemetry['judgements']
  plan: Plan
  nodes: NodeInfo[]
  held: readonly ReadonlySet<string>[]
  ready: boolean
  energy: EnergyReading
  jobs: JobsReading
}

export type Row = [value: number, labels?: Record<string, string>]
export type Family = [
  kind: 'Counter' | 'Gauge',
  name: string,
  help: string,
  labelNames: string[],
  rows: (scrape: Scrape) => Row[],
]
