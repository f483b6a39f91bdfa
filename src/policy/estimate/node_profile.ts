/**
 * The times of one node: latency by variant, network time by task (an image takes longer than a crop),
 * and how much a load slows a batch beside it.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { LatencyPoint } from '../core/types.ts'
import { CommonMode } from './common_mode.ts'
import { type LatencyModel, type Learned, upperOf } from './latency_model.ts'
import { common, latency as L } from './params.ts'
import type { ClassPriors } from './priors.ts'

/** Estimates for the whole pool, used for what a node has not shown itself. */
export interface PoolKnowledge {
  readonly priors: ClassPriors
  readonly common: { readonly pace: number }
  loadFactor: number
}

/** The times of a node that decisions read, always current. */
export type NodeTimes = Pick<
  NodeProfile,
  | 'meanMs'
  | 'upperMs'
  | 'upperTimes'
  | 'modelOf'
  | 'networkMs'
  | 'roundTripMs'
  | 'loadFactor'
  | 'threadsFactor'
>

interface Network {
  task: TaskShape
  ms: number
}

export class NodeProfile {
  /** Time of this node relative to the reference machine: 2 is half as fast. */
  slowness = 1
  /** Factor on batch times from the current threads, relative to the threads the node joined with. */
  threadsFactor = 1
  private samples = 0
  /** By variant index; a variant and its replacement share a model. */
  readonly models: (LatencyModel | undefined)[] = []
  /** Slowdown common to all its variants. */
  private readonly common = new CommonMode<LatencyModel>(() => new Set(this.models), common.node)
  /** By task index. */
  private network: (Network | undefined)[] = []
  private bareMs = 0
  private ownLoadFactor: number | undefined

  constructor(private readonly pool: PoolKnowledge) {}

  meanMs(variant: VariantShape, batch: number): number {
    const model = this.models[variant.index]
    if (model !== undefined) return model.meanMs(batch) * this.threadsFactor
    const { priors } = this.pool
    return priors.of(variant).base(batch) * this.slowness * this.pace * this.threadsFactor
  }

  /** Current factor on latency, of this node and of all nodes together. */
  get pace(): number {
    return this.common.pace * this.pool.common.pace
  }

  /** A batch of this model ended; `before` is what the model had learned until then. */
  saw(model: LatencyModel, before: Learned): void {
    this.common.saw(model, model, before)
  }

  /** Lets slowdowns fade that were not seen again for a while. */
  relax(nowMs: number): void {
    this.common.relax(nowMs)
    for (const model of this.models) model?.relax(nowMs)
  }

  upperMs(variant: VariantShape, batch: number): number {
    return this.meanMs(variant, batch) * this.upperTimes(variant)
  }

  /** Ratio of upper to mean latency. */
  upperTimes({ index }: VariantShape): number {
    return this.models[index]?.upperTimes() ?? upperOf(L.guessSpread ** 2)
  }

  /** The model of a variant; undefined if its times are a guess. */
  modelOf({ index }: VariantShape): LatencyModel | undefined {
    return this.models[index]
  }

  /** Network ms of a task, both directions together. */
  networkMs({ index }: TaskShape): number {
    return this.network[index]?.ms ?? this.bareMs
  }

  /** Round trip of a bare message: the distance of the node. */
  roundTripMs(): number {
    return this.bareMs
  }

  /** Factor on a batch's time beside a load on its slot; at least 1. */
  loadFactor(): number {
    return this.ownLoadFactor ?? this.pool.loadFactor
  }

  sawRoundTrip(ms: number): void {
    this.bareMs = ms
  }

  sawNetwork(task: TaskShape, ms: number): void {
    const known = this.network[task.index]?.ms ?? ms
    const seen = Math.min(ms, L.outlier * known + 5)
    this.setNetwork(task, known + L.networkWeight * (seen - known))
  }

  setNetwork(task: TaskShape, ms: number): void {
    this.network[task.index] = { task, ms }
  }

  networks(): Network[] {
    return this.network.filter((one) => one !== undefined)
  }

  /** A batch took `times` as long as alone. @param ofOthers whether that informs the pool's estimate */
  sawLoad(times: number, ofOthers: boolean): void {
    const seen = Math.min(Math.max(times, 1), L.mostBesideLoad)
    const before = this.loadFactor()
    this.ownLoadFactor = before + L.networkWeight * (seen - before)
    const { pool } = this
    if (ofOthers) pool.loadFactor += L.networkWeight * (seen - pool.loadFactor)
  }

  /** Updates the node's slowness relative to the reference, used for variants it has not run. */
  compare(variant: VariantShape, batch: number, ms: number): void {
    const { base, isKnown } = this.pool.priors.of(variant)
    if (!isKnown || !(ms > 0)) return
    const weight = Math.max(L.weight, 1 / ++this.samples)
    const log = Math.log(this.slowness)
    this.slowness = Math.exp(log + weight * (Math.log(ms / base(batch)) - log))
  }

  /** Forgets variants of removed pipelines. */
  drop(variants: readonly VariantShape[]): void {
    for (const { index, task } of variants) {
      this.network[task.index] = undefined
      this.models[index] = undefined
    }
  }

  /** Halves the estimated latency of these variants, and their tasks' network time. */
  doubt(variants: readonly VariantShape[]): void {
    this.slowness = Math.min(this.slowness, Math.max(1, this.slowness / 2))
    for (const model of new Set(variants.map(({ index }) => this.models[index]))) model?.doubt()
    for (const { index } of new Set(variants.map(({ task }) => task))) {
      const one = this.network[index]
      if (one !== undefined) one.ms = Math.min(one.ms, Math.max(this.bareMs, one.ms / 2))
    }
  }
}

/** Points of a model that are worth storing: those that are no guess. */
export const pointsOf = (model: LatencyModel): LatencyPoint[] =>
  [1, 2, 4, 8].filter((batch) => batch < (model.trialSize || Infinity))
    .map((batch) => ({ batch, latencyMs: model.meanMs(batch) / model.pace }))
