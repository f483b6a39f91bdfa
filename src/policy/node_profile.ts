/**
 * What is known of the times of one node.
 *
 * @module
 */
import type { LatencyModel } from './latency_model.ts'
import type { TaskShape, VariantShape } from './shape.ts'

/** What a decision asks of one node, without looking it up each time. */
export interface NodeTimes {
  meanMs(variant: VariantShape, batch: number): number
  upperMs(variant: VariantShape, batch: number): number
  /** What it measured or showed; undefined where its times are a guess. */
  modelOf(variant: VariantShape): LatencyModel | undefined
  /** Both ways together. */
  networkMs(task: TaskShape): number
  loadFactor(): number
}

export interface NodeProfile {
  logSlowness: number
  /** What that is the logarithm of. */
  slowness: number
  samples: number
  models: Map<number, LatencyModel>
  /** The same by index of the variant. */
  modelAt: (LatencyModel | undefined)[]
  /** Mean and upper latency of one item, likewise: side by side, as decisions ask for all of them. */
  oneMs: (number | undefined)[]
  upperOneMs: (number | undefined)[]
  /** Some variants have a model in common, since one took the other's place. */
  inherited: boolean
  network: Map<TaskShape, number>
  /** The same by index of the task. */
  networkAt: (number | undefined)[]
  roundTripMs: number
  /** Undefined until it was seen: then what the pool shows counts. */
  loadFactor: number | undefined
}

export const createNodeProfile = (): NodeProfile => ({
  logSlowness: 0,
  slowness: 1,
  samples: 0,
  models: new Map(),
  modelAt: [],
  oneMs: [],
  upperOneMs: [],
  inherited: false,
  network: new Map(),
  networkAt: [],
  roundTripMs: 0,
  loadFactor: undefined,
})

export function setModel(node: NodeProfile, index: number, model: LatencyModel): void {
  node.models.set(index, model)
  node.modelAt[index] = model
  remodelled(node, index, model)
}

/** A model of the node changed; variants that inherited it changed with it. */
export function remodelled(node: NodeProfile, index: number, model: LatencyModel): void {
  node.oneMs[index] = model.meanMs(1)
  node.upperOneMs[index] = model.upperMs(1)
  if (!node.inherited) return
  node.modelAt.forEach((other, heir) => {
    if (other !== model) return
    node.oneMs[heir] = node.oneMs[index]
    node.upperOneMs[heir] = node.upperOneMs[index]
  })
}

export function setNetwork(node: NodeProfile, task: TaskShape, ms: number): void {
  node.network.set(task, ms)
  node.networkAt[task.index] = ms
}
