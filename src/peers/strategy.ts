/**
 * What tells one peer from another; all else they share.
 *
 * @module
 */
import type { Plan } from '../policy/core/types.ts'
import type { Batching } from './batching.ts'
import type { DeviceClass } from './classes.ts'
import type { DropRule } from './drops.ts'
import type { Model, PipelineModel, Task, Variant } from './model.ts'
import type { Item } from './queries.ts'

/** What a plan is made for. Plain numbers as of the moment of asking. */
export interface Problem {
  epoch: number
  model: Model
  /** Nodes of each class. */
  classes: { class: DeviceClass; count: number }[]
  /** Network both ways, mean of the nodes. */
  roundTripMs: number
  ratePerS: Map<PipelineModel, number>
  /** Items a second that come to each task. */
  taskRatePerS: Map<Task, number>
  factor(variant: Variant, childIndex: number): number
}

/** So many workers of a class, each with this variant and this largest batch. */
export interface Group {
  class: DeviceClass
  variant: Variant
  batch: number
  count: number
}

export interface Allocation extends Pick<Plan, 'mode' | 'objective' | 'bound' | 'reason' | 'mix'> {
  groups: Group[]
}

export interface Strategy {
  name: string
  /** Undefined where nothing can be planned: the last plan goes on. */
  allocate(problem: Problem): Allocation | undefined
  /** False: the first plan stays. */
  replans: boolean
  /** Share of a worker's throughput that the router fills before it turns to the next. */
  routerCap: number
  leftover: 'equal' | 'capacity'
  /** Workers of one variant share its work, instead of one being filled after another. */
  balanced?: boolean
  pick: 'lot' | 'smooth'
  drop: DropRule
  batching: Batching
  /** The artifact's form of `per-task`: dropped before it runs what would overrun the budget. */
  dropsAhead?: boolean
  /** Where what cannot be through its task by some time is dropped before it runs there. */
  dueMs?(item: Item): number
}
