/**
 * The times of one node: latency by variant, network time by task (a picture takes longer than a
 * crop), and how much a load slows a batch beside it.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { LatencyPoint } from '../core/types.ts'
import { CommonMode } from './common_mode.ts'
import { type LatencyModel, type Learned, upperOf } from './latency_model.ts'
import { common, latency as L } from './params.ts'
import type { ClassPriors } from './priors.ts'

/** What is known of the pool, for what a node did not show itself. */
export interface PoolKnowledge {
  readonly priors: ClassPriors
  readonly common: { readonly pace: number }
  loadFactor: number
}

/** What a decision asks of one node, as of then. */
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
  /** Time of this node for the time of the reference machine: 2 is half as fast. */
  slowness = 1
  /** Times that batches take as long as with the threads that the node joined with. */
  threadsFactor = 1
  private samples = 0
  /** By index of the variant; variants that took each other's place have one in common. */
  readonly models: (LatencyModel | undefined)[] = []
  /** What its variants have in common. */
  private readonly common = new CommonMode<LatencyModel>(() => new Set(this.models), common.node)
  /** By index of the task. */
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

  /** Times that it is as slow as usual for now, alone and with all others. */
  get pace(): number {
    return this.common.pace * this.pool.common.pace
  }

  /** A batch ended that this model is of, and so much was learned before. */
  saw(model: LatencyModel, before: Learned): void {
    this.common.saw(model, model, before)
  }

  /** Lets slowness fade that was not seen again for a while. */
  relax(nowMs: number): void {
    this.common.relax(nowMs)
    for (const model of this.models) model?.relax(nowMs)
  }

  upperMs(variant: VariantShape, batch: number): number {
    return this.meanMs(variant, batch) * this.upperTimes(variant)
  }

  /** Upper for mean latency. */
  upperTimes({ index }: VariantShape): number {
    return this.models[index]?.upperTimes() ?? upperOf(L.guessSpread ** 2)
  }

  /** Undefined where its times are a guess. */
  modelOf({ index }: VariantShape): LatencyModel | undefined {
    return this.models[index]
  }

  /** Both ways together. */
  networkMs({ index }: TaskShape): number {
    return this.network[index]?.ms ?? this.bareMs
  }

  /** Of a bare message: how far the node is. */
  roundTripMs(): number {
    return this.bareMs
  }

  /** How many times as long a batch takes beside a load on its slot; at least 1. */
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

  /** A batch took so many times as long as it does alone. @param ofOthers that says something of them */
  sawLoad(times: number, ofOthers: boolean): void {
    const seen = Math.min(Math.max(times, 1), L.mostBesideLoad)
    const before = this.loadFactor()
    this.ownLoadFactor = before + L.networkWeight * (seen - before)
    const { pool } = this
    if (ofOthers) pool.loadFactor += L.networkWeight * (seen - pool.loadFactor)
  }

  /** A batch took so long: how the node compares with the reference, for variants it has yet to run. */
  compare(variant: VariantShape, batch: number, ms: number): void {
    const { base, isKnown } = this.pool.priors.of(variant)
    if (!isKnown || !(ms > 0)) return
    const weight = Math.max(L.weight, 1 / ++this.samples)
    const log = Math.log(this.slowness)
    this.slowness = Math.exp(log + weight * (Math.log(ms / base(batch)) - log))
  }

  /** These are served no more. */
  drop(variants: readonly VariantShape[]): void {
    for (const { index, task } of variants) {
      this.network[task.index] = undefined
      this.models[index] = undefined
    }
  }

  /** Thinks that it is half as slow at these, and half as far, as it was thought to be. */
  doubt(variants: readonly VariantShape[]): void {
    this.slowness = Math.min(this.slowness, Math.max(1, this.slowness / 2))
    for (const model of new Set(variants.map(({ index }) => this.models[index]))) model?.doubt()
    for (const { index } of new Set(variants.map(({ task }) => task))) {
      const one = this.network[index]
      if (one !== undefined) one.ms = Math.min(one.ms, Math.max(this.bareMs, one.ms / 2))
    }
  }
}

/** What is kept of a model: as far as it is no guess. */
export const pointsOf = (model: LatencyModel): LatencyPoint[] =>
  [1, 2, 4, 8].filter((batch) => batch < (model.trialSize || Infinity))
    .map((batch) => ({ batch, latencyMs: model.meanMs(batch) / model.pace }))
