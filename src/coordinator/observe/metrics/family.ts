/**
 * The shape of a metric, and what its rows are made of.
 *
 * @module
 */
import type { NodeInfo } from '../../../client/types.ts'
import type { Plan, SchedulerStats } from '../../../policy/core/types.ts'
import type { EnergyReading } from '../energy/meter.ts'
import type { Telemetry } from './telemetry.ts'

/** What is looked at; a pool fits. */
export interface Watched {
  telemetry: Telemetry
  stats(): SchedulerStats
  plan(): Plan
  nodes(): NodeInfo[]
  /** Variants held warm, `slot pipeline task variant`, of each node. */
  held(): readonly ReadonlySet<string>[]
  ready(): boolean
  energy(): EnergyReading
}

export type ReadJobs = () => JobsReading

/** Of each pipeline: its jobs that have not ended, and the pages of all. */
export type JobsReading = Record<
  string,
  { inTime: number; late: number; unknown: number; left: number; done: number; failed: number }
>

/** How things stand at one moment. */
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
