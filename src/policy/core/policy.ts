/**
 * A policy: a scheduler with a name, and what every one of them is made with.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import type { Memory } from './memory.ts'
import type { Limits, SchedulerOptions } from './options.ts'
import type { Plan, PolicyCommand, Scheduler } from './types.ts'

/** What only some rules take is left aside by the others. */
export interface PolicyOptions
  extends Pick<SchedulerOptions, 'trust' | 'hedge' | 'memory' | 'fits'> {
  pipelines: Pipeline[]
  /** Queries per second, by pipeline, that the estimator holds at first. */
  initialRatePerS?: { [pipeline: string]: number }
  limits?: Partial<Limits>
  /** For rules that draw lots; needed by `loki-published`. Uniform in [0, 1). */
  random?: () => number
  /** Only of `loki-published` and `loki`. */
  drop?: string
  /** Only of `loki`: share of a worker's throughput that is planned with. */
  cap?: number
}

type SolveCommand = Extract<PolicyCommand, { type: 'solve' }>

/** A scheduler with a name, and the solver that its `solve` commands ask for. */
export interface Policy {
  name: string
  scheduler: Scheduler
  /** Whether it follows what is served while it changes. */
  renews?: boolean
  /** What it learned that is worth keeping; absent where it learns nothing. */
  memory?: () => Memory
  solve?: (command: SolveCommand) => Plan
  /**
   * The same in two halves, with the work between them done by a worker. Problem and allocation are
   * plain data that only rules of this kind read.
   */
  elsewhere?: {
    problem(command: SolveCommand): object | undefined
    plan(command: SolveCommand, allocation: object | undefined): Plan
  }
}
