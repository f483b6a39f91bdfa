/**
 * Latency estimates by node and variant: from the pipeline file's prior over measured points to the
 * batches that ran.
 *
 * @module
 */
import { publicName } from '../../pipeline/version.ts'
import { type NodeProfileMemory, publicRef } from '../core/memory.ts'
import type { Shapes, TaskShape, VariantShape } from '../core/graph.ts'
import type { LatencyPoint, NodeId } from '../core/types.ts'
import { type Base, baseOf, usablePoints } from './base.ts'
import { CommonMode } from './common_mode.ts'
import { createGone } from './gone.ts'
import { type Latency, LatencyModel } from './latency_model.ts'
import { NodeProfile, type NodeTimes, pointsOf, type PoolKnowledge } from './node_profile.ts'
import { common, latency as L } from './params.ts'
import { BATCHES, ClassPriors, correctUntried } from './priors.ts'

const scaled = (base: Base, times: number): Base => (batch) => base(batch) * times

const newModel = (
  { pace }: NodeProfile,
  base: Base,
  isMeasured: boolean,
  knowsBatches: boolean,
): LatencyModel => new LatencyModel({ base, isMeasured, knowsBatches, pace })

const isTime = (ms: number): boolean => ms >= 0 && Number.isFinite(ms)

export class Profile {
  private readonly nodes = new Map<NodeId, NodeProfile>()
  private readonly priors = new ClassPriors()
  private readonly common = new CommonMode<NodeProfile>(() => this.models(), common.pool)
  private readonly pool: PoolKnowledge = {
    priors: this.priors,
    common: this.common,
    loadFactor: L.besideLoad,
  }
  private readonly gone = createGone((id) => this.nodes.delete(id))

  /** @param speaks whether a node's times count for estimates of others; by default all do */
  constructor(private readonly speaks: (node: NodeId) => boolean = () => true) {}

  /** A node joined. */
  joined(id: NodeId): void {
    this.gone.joined(id)
  }

  left(id: NodeId): void {
    this.gone.left(id)
  }

  /** The times of a node, current at each reading. */
  of(id: NodeId): NodeTimes {
    return this.nodeOf(id)
  }

  /** Takes a node's own measurements; they replace assumptions on its batch sizes. */
  measured(id: NodeId, variant: VariantShape, points: readonly LatencyPoint[]): void {
    const node = this.nodeOf(id)
    const usable = usablePoints(points)
      .map((point) => ({ ...point, latencyMs: point.latencyMs / node.threadsFactor }))
    const [first] = usable
    if (first === undefined) return
    const isOne = usable.length === 1
    const others = this.priors.of(variant)
    // If one size was measured, larger ones are assumed to pay as elsewhere.
    const base = isOne && others.batches > BATCHES.guessed
      ? scaled(others.base, first.latencyMs / others.base(first.batch))
      : baseOf(usable)
    node.models[variant.index] = newModel(node, base, true, !isOne)
    node.compare(variant, first.batch, base(first.batch))
    if (!this.speaks(id)) return
    const batches = isOne ? BATCHES.guessed : BATCHES.measured
    this.priors.learn(variant, base, first.batch, batches, node.slowness)
  }

  /** The node runs with other threads: batches take `factor` times as long as with the first. */
  rethreaded(id: NodeId, factor: number): void {
    this.nodeOf(id).threadsFactor = factor
  }

  /** A batch ended. */
  ran(id: NodeId, variant: VariantShape, batch: number, computeMs: number): void {
    const node = this.observe(id, variant, batch, computeMs, false)
    if (node?.models[variant.index]?.isMeasured) correctUntried(node.models)
  }

  /** A batch was given up after `afterMs`: a current slowness that does not change the usual scale. */
  lost(id: NodeId, variant: VariantShape, batch: number, afterMs: number): void {
    this.observe(id, variant, batch, afterMs, true)
  }

  /** A running batch was called off, as no query waits for it. */
  calledOff(id: NodeId, variant: VariantShape, batch: number, ranMs: number): void {
    const late = 1 + L.overdue
    if (ranMs > late * this.meanMs(id, variant, batch)) {
      return this.lost(id, variant, batch, ranMs)
    }
    const model = this.nodes.get(id)?.models[variant.index]
    const hopedMs = (model?.hopedMs(batch) ?? Infinity) * (this.nodes.get(id)?.threadsFactor ?? 1)
    if (ranMs > late * hopedMs) model?.triedInVain(batch)
  }

  private observe(
    id: NodeId,
    variant: VariantShape,
    batch: number,
    computeMs: number,
    lost: boolean,
  ): NodeProfile | undefined {
    if (!isTime(computeMs) || batch < 1) return undefined
    const node = this.nodeOf(id)
    const model = node.models[variant.index] ??= this.guessed(node, variant)
    const { base } = model
    const before = model.learned()
    const ownMs = model.observe(batch, computeMs / node.threadsFactor, lost)
    const speaks = this.speaks(id)
    if (speaks && model.base !== base) {
      this.priors.learn(variant, model.base, 1, BATCHES.explored, node.slowness)
    }
    // A batch that was given up can show that it takes longer, but not that it takes less.
    if (!lost || (model.surprise ?? 0) > 0) {
      node.saw(model, before)
      if (speaks) this.common.saw(node, model, before)
    }
    if (!lost) node.compare(variant, batch, ownMs)
    return node
  }

  private guessed(node: NodeProfile, variant: VariantShape): LatencyModel {
    const { base, batches } = this.priors.of(variant)
    return newModel(node, scaled(base, node.slowness), false, batches === BATCHES.measured)
  }

  private *models(): Iterable<LatencyModel | undefined> {
    for (const { models } of this.nodes.values()) yield* new Set(models)
  }

  /**
   * Lets slowness fade that was not seen again for a while. Otherwise a pool that was slow once would refuse
   * all queries and never learn that it is quick again.
   */
  relax(nowMs: number): void {
    this.common.relax(nowMs)
    for (const node of this.nodes.values()) node.relax(nowMs)
  }

  /** Halves the estimates of variants that none runs because of them: see `admit/doubt.ts`. */
  doubt(variants: readonly VariantShape[]): void {
    for (const node of this.nodes.values()) node.doubt(variants)
  }

  /** One variant replaces another: until it is measured, it counts as quick as the old one. */
  inherit(from: VariantShape, to: VariantShape): void {
    this.priors.inherit(from, to)
    for (const { models } of this.nodes.values()) {
      const model = models[from.index]
      if (model !== undefined) models[to.index] = model
    }
  }

  /** Forgets variants of removed pipelines. */
  drop(variants: readonly VariantShape[]): void {
    for (const node of this.nodes.values()) node.drop(variants)
  }

  /** A batch beside a load on its slot took `times` as long as alone. */
  besideLoad(id: NodeId, times: number): void {
    if (times > 0) this.nodeOf(id).sawLoad(times, this.speaks(id))
  }

  sent(id: NodeId, task: TaskShape, networkMs: number): void {
    if (isTime(networkMs)) this.nodeOf(id).sawNetwork(task, networkMs)
  }

  roundTrip(id: NodeId, ms: number): void {
    if (isTime(ms)) this.nodeOf(id).sawRoundTrip(ms)
  }

  latency(id: NodeId, variant: VariantShape, batch: number): Latency {
    const node = this.known(id)
    return { meanMs: node.meanMs(variant, batch), upperMs: node.upperMs(variant, batch) }
  }

  meanMs(id: NodeId, variant: VariantShape, batch: number): number {
    return this.known(id).meanMs(variant, batch)
  }

  /** Mean latency without a slowdown common to all nodes. */
  usualMs(id: NodeId, variant: VariantShape, batch: number): number {
    return this.meanMs(id, variant, batch) / this.common.pace
  }

  loadFactor(id: NodeId): number {
    return this.known(id).loadFactor()
  }

  networkMs(id: NodeId, task: TaskShape): number {
    return this.known(id).networkMs(task)
  }

  slowness(id: NodeId): number {
    return this.known(id).slowness
  }

  /** Whether the node ever ended a batch of this variant; until then its latency is a guess. */
  hasRun(id: NodeId, { index }: VariantShape): boolean {
    return this.known(id).models[index]?.hasRun ?? false
  }

  /** Whether the node measured this variant, or ran it. */
  isKnown(id: NodeId, { index }: VariantShape): boolean {
    return this.known(id).models[index] !== undefined
  }

  /** Values of a node worth storing; undefined if there are none. */
  keep(id: NodeId, shapes: Shapes): NodeProfileMemory | undefined {
    const node = this.known(id)
    const { models } = node
    const kept = models.flatMap((model, index) => {
      const { ref } = shapes.variants[index]!
      if (model === undefined || shapes.find(ref)?.index !== index) return []
      return [{ ...publicRef(ref), points: pointsOf(model) }]
    })
    if (models.every((model) => model === undefined)) return undefined
    const networkMs = node.networks().map(({ task, ms }) => (
      { pipeline: publicName(task.pipeline.name), task: task.name, ms }
    ))
    return { models: kept, networkMs }
  }

  /** Restores the stored values of a node. */
  recall(id: NodeId, { models, networkMs }: NodeProfileMemory, shapes: Shapes): void {
    for (const { points, ...ref } of models) {
      const variant = shapes.find(ref)
      if (variant !== undefined) this.measured(id, variant, points)
    }
    for (const { pipeline, task, ms } of networkMs) {
      const shape = shapes.pipelines.get(pipeline)?.tasks.find(({ name }) => name === task)
      if (shape !== undefined && ms >= 0) this.nodeOf(id).setNetwork(shape, ms)
    }
    this.gone.left(id)
  }

  private nodeOf(id: NodeId): NodeProfile {
    let node = this.nodes.get(id)
    if (node === undefined) this.nodes.set(id, node = new NodeProfile(this.pool))
    return node
  }

  /** Profile of a node; of an unknown node the pool's estimates. */
  private known(id: NodeId): NodeProfile {
    return this.nodes.get(id) ?? new NodeProfile(this.pool)
  }
}
