/**
 * What is known of the times of one node.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { LatencyModel } from './latency.ts'

/**
 * Latency of one item by index of the variant; NaN, or nothing there, where it is a guess. In arrays,
 * as a decision asks for all of them: a call for each would take longer than what it is for.
 */
export interface Ones {
  meanMs: number[]
  upperMs: number[]
}

export const NO_ONES: Ones = { meanMs: [], upperMs: [] }

/** What batches take for what the node measured, likewise: what is asked with each batch that ends. */
export interface Shown {
  isMeasured: boolean[]
  /** Logarithms; NaN before any batch. */
  logRatio: number[]
}

export interface NodeProfile {
  logSlowness: number
  /** What that is the logarithm of. */
  slowness: number
  samples: number
  models: Map<number, LatencyModel>
  /** The same by index of the variant. */
  modelAt: (LatencyModel | undefined)[]
  ones: Ones
  shown: Shown
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
  ones: { meanMs: [], upperMs: [] },
  shown: { isMeasured: [], logRatio: [] },
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
  setOne(node, index, model)
  if (!node.inherited) return
  node.modelAt.forEach((other, heir) => other === model && setOne(node, heir, model))
}

function setOne(
  { ones: { meanMs, upperMs }, shown }: NodeProfile,
  index: number,
  model: LatencyModel,
) {
  while (meanMs.length <= index) {
    meanMs.push(NaN)
    upperMs.push(NaN)
    shown.isMeasured.push(false)
    shown.logRatio.push(NaN)
  }
  meanMs[index] = model.meanMs(1)
  upperMs[index] = model.upperMs(1)
  shown.isMeasured[index] = model.isMeasured
  shown.logRatio[index] = model.logRatio() ?? NaN
}

/** These are served no more: what was known of them is not to be looked through for ever. */
export function dropModels(node: NodeProfile, variants: readonly VariantShape[]): void {
  const { models, modelAt, ones: { meanMs, upperMs }, shown } = node
  for (const { index, task } of variants) {
    node.network.delete(task)
    node.networkAt[task.index] = undefined
    if (!models.delete(index)) continue
    modelAt[index] = undefined
    meanMs[index] = upperMs[index] = NaN
    shown.isMeasured[index] = false
    shown.logRatio[index] = NaN
  }
  node.inherited &&= new Set(models.values()).size < models.size
}

export function setNetwork(node: NodeProfile, task: TaskShape, ms: number): void {
  node.network.set(task, ms)
  node.networkAt[task.index] = ms
}

/**
 * Thinks that all it does of these is half as slow, and half as far away, as it was thought to be; and
 * likewise what it has yet to run.
 */
export function doubtNode(node: NodeProfile, variants: readonly VariantShape[]): void {
  node.logSlowness = Math.min(node.logSlowness, Math.max(0, node.logSlowness - Math.LN2))
  node.slowness = Math.exp(node.logSlowness)
  for (const { index } of variants) {
    const model = node.modelAt[index]
    if (model === undefined) continue
    model.doubt()
    remodelled(node, index, model)
  }
  for (const task of new Set(variants.map(({ task }) => task))) {
    const ms = node.networkAt[task.index]
    if (ms !== undefined) setNetwork(node, task, Math.min(ms, Math.max(node.roundTripMs, ms / 2)))
  }
}

/** What is kept of a latency over the batch size. */
const KEPT_BATCHES = [1, 2, 4, 8]

/** As far as it is no guess. */
export const pointsOf = (model: LatencyModel) =>
  KEPT_BATCHES.filter((batch) => batch < (model.trialSize || Infinity))
    .map((batch) => ({ batch, latencyMs: model.meanMs(batch) / model.pace }))

/** What the measured variants that ran of late take for what was measured, in the mean. */
export function currentRatio({ models }: NodeProfile, nowMs: number): number | undefined {
  let [count, sum] = [0, 0]
  for (const model of models.values()) {
    if (!model.isMeasured || !model.isCurrent(nowMs)) continue
    const ratio = model.logRatio()
    if (ratio === undefined) continue
    count++
    sum += ratio
  }
  return count > 0 ? Math.exp(sum / count) : undefined
}
