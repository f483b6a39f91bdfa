/**
 * What is known of latency: per node and variant, from the pipeline file's prior through measured
 * points to the batches that nodes really ran.
 *
 * Network time is kept apart, per node and task: a picture takes longer than a crop.
 *
 * @module
 */
import { publicName } from '../../pipeline/version.ts'
import { type NodeProfileMemory, publicRef } from '../core/memory.ts'
import type { Shapes, TaskShape, VariantShape } from '../core/graph.ts'
import type { LatencyPoint, NodeId } from '../core/types.ts'
import { type Base, baseOf, usablePoints } from './base.ts'
import { createBesideLoad } from './beside_load.ts'
import { createCommon } from './common.ts'
import { createGone } from './gone.ts'
import type { Latency } from './latency.ts'
import { createModel } from './latency_model.ts'
import {
  createNodeProfile,
  currentRatio,
  doubtNode,
  dropModels,
  type NodeProfile,
  pointsOf,
  remodelled,
  setModel,
  setNetwork,
} from './node_profile.ts'
import { createTimes, type Known, type NodeTimes } from './node_times.ts'
import { MOST_TRIED } from './trial.ts'
import { createTypicals, GUESSED, MEASURED, TRIED } from './typical.ts'
import { createUntried } from './untried.ts'

export type { Latency } from './latency.ts'
export type { NodeTimes } from './node_times.ts'

export interface Profile {
  /** The node's own measurements; they replace what was assumed of its batch sizes. */
  measured(node: NodeId, variant: VariantShape, points: readonly LatencyPoint[]): void
  /** One variant takes another's place: until it is measured, it is thought to be as quick. */
  inherit(from: VariantShape, to: VariantShape): void
  /** Of variants that are served no more. */
  drop(variants: readonly VariantShape[]): void
  /** A batch ended. Outliers count for no more than three times what was expected. */
  ran(node: NodeId, variant: VariantShape, batch: number, computeMs: number): void
  /** A batch was given up after so long: it is slow for now, which says nothing of other times. */
  lost(node: NodeId, variant: VariantShape, batch: number, afterMs: number): void
  /**
   * Lets slowness fade that was not seen again for a while. Without this a pool that was slow once
   * would refuse all queries, and so never learn better.
   */
  relax(nowMs: number): void
  /** None of these variants runs, for what is known of them: see `door/doubt.ts`. */
  doubt(variants: readonly VariantShape[]): void
  /** A batch that ran beside a load on its slot took so many times what it takes alone. */
  besideLoad(node: NodeId, times: number): void
  /** How many times longer a batch takes beside a load on its slot; at least 1. */
  loadFactor(node: NodeId): number
  sent(node: NodeId, task: TaskShape, networkMs: number): void
  roundTrip(node: NodeId, roundTripMs: number): void
  latency(node: NodeId, variant: VariantShape, batch: number): Latency
  /** Rises whenever anything changes that nodes measured or showed of this variant. */
  revision(variant: VariantShape): number
  /** The times of one node, as of whenever they are asked for. */
  of(node: NodeId): NodeTimes
  /** It is here; or was: see `profile/gone.ts`. */
  joined(node: NodeId): void
  left(node: NodeId): void
  /** Of that latency the mean alone. */
  meanMs(node: NodeId, variant: VariantShape, batch: number): number
  /** The same but for what befalls all nodes just now. */
  usualMs(node: NodeId, variant: VariantShape, batch: number): number
  /** Whether it ever ended a batch of this variant: until then its latency is a guess. */
  hasRun(node: NodeId, variant: VariantShape): boolean
  /** Whether it measured this variant, or ran it: what is known is no guess. */
  isKnown(node: NodeId, variant: VariantShape): boolean
  /** Both ways together. */
  networkMs(node: NodeId, task: TaskShape): number
  /** Time of this node for the time of the reference machine: 2 is half as fast. */
  slowness(node: NodeId): number
  /** What is worth keeping of a node; undefined where that is nothing. */
  keep(node: NodeId, shapes: Shapes): NodeProfileMemory | undefined
  /** What was kept of it. */
  recall(node: NodeId, memory: NodeProfileMemory, shapes: Shapes): void
}

const OUTLIER = 3
const UNSEEN_SPREAD = 0.25
const UNSEEN_UPPER = 1 + 1.65 * UNSEEN_SPREAD
const MEASURED_SPREAD = 0.18
/** Points that a node measured count as so many batches for what is usual. */
const MEASURED_WEIGHT = 5
const scaled = (base: Base, times: number): Base => (batch) => base(batch) * times

/** @param speaks whether what a node takes says anything of others; by default of all */
export function createProfile(speaks: (node: NodeId) => boolean = () => true): Profile {
  const nodes = new Map<NodeId, NodeProfile>()
  const gone = createGone((id) => {
    if (nodes.delete(id)) facts.changes++
  })
  const typical = createTypicals()
  const beside = createBesideLoad()
  /** By index of the variant. */
  const revisions: number[] = []
  const revise = (index: number) => revisions[index] = (revisions[index] ?? 0) + 1
  const untried = createUntried(revise)
  const reviseAll = () => revisions.forEach((_, index) => revise(index))
  const common = createCommon(nodes, reviseAll)

  function nodeOf(id: NodeId): NodeProfile {
    const known = nodes.get(id)
    if (known !== undefined) return known
    const made = createNodeProfile()
    nodes.set(id, made)
    facts.changes++
    return made
  }

  function meanOf(node: NodeProfile | undefined, variant: VariantShape, batch: number): number {
    const model = node?.modelAt[variant.index]
    if (model !== undefined) return model.meanMs(batch)
    return typical.of(variant).base(batch) * (node?.slowness ?? 1) * common.pace
  }

  function upperOf(node: NodeProfile | undefined, variant: VariantShape, batch: number): number {
    const model = node?.modelAt[variant.index]
    return model === undefined ? meanOf(node, variant, batch) * UNSEEN_UPPER : model.upperMs(batch)
  }

  const networkOf = (node: NodeProfile | undefined, task: TaskShape): number =>
    node?.networkAt[task.index] ?? node?.roundTripMs ?? 0

  const facts: Known = {
    ...{ nodes, changes: 0, meanOf, upperOf, networkOf },
    ...{ loadFactorOf: beside.of, unseenUpper: UNSEEN_UPPER },
  }

  /** Learns how this node compares with the reference machine, for variants it has yet to run. */
  function compare(node: NodeProfile, variant: VariantShape, batch: number, ms: number): void {
    const { base, known } = typical.of(variant)
    if (!known || !(ms > 0)) return
    node.samples++
    const weight = Math.max(0.15, 1 / node.samples)
    node.logSlowness += weight * (Math.log(ms / base(batch)) - node.logSlowness)
    node.slowness = Math.exp(node.logSlowness)
  }

  function newModel(variant: VariantShape, base: Base, batches: boolean, isMeasured: boolean) {
    const [spread, weight] = isMeasured ? [MEASURED_SPREAD, MEASURED_WEIGHT] : [UNSEEN_SPREAD, 0]
    const mayPay = (size: number) => typical.mayPay(variant, size)
    return createModel(base, spread, weight, batches, mayPay, common.pace)
  }

  function measured(id: NodeId, variant: VariantShape, points: readonly LatencyPoint[]): void {
    const usable = usablePoints(points)
    const [first] = usable
    if (first === undefined) return
    const node = nodeOf(id)
    const isOne = usable.length === 1
    const others = typical.of(variant)
    // Of one size alone: larger ones pay as they do elsewhere.
    const base = isOne && others.batches > GUESSED
      ? scaled(others.base, first.latencyMs / others.base(first.batch))
      : baseOf(usable)
    setModel(node, variant.index, newModel(variant, base, !isOne, true))
    revise(variant.index)
    compare(node, variant, first.batch, base(first.batch))
    if (!speaks(id)) return
    typical.told(variant, base, first.batch, isOne ? GUESSED : MEASURED, node.slowness)
  }

  function observe(
    id: NodeId,
    variant: VariantShape,
    batch: number,
    computeMs: number,
    lost: boolean,
  ): void {
    if (!(computeMs >= 0) || !Number.isFinite(computeMs) || batch < 1) return
    const node = nodeOf(id)
    let model = node.modelAt[variant.index]
    if (model === undefined) {
      const { base, batches } = typical.of(variant)
      model = newModel(variant, scaled(base, node.slowness), batches === MEASURED, false)
      setModel(node, variant.index, model)
    }
    const { trialSize, base } = model
    const seenMs = model.observe(batch, computeMs, lost)
    // Something was found out.
    const ofOthers = speaks(id)
    if (model.base !== base && ofOthers) {
      typical.told(variant, model.base, 1, TRIED, node.slowness)
      if (model.trialSize === 0 && trialSize < MOST_TRIED) typical.paysNot(variant, trialSize)
    }
    remodelled(node, variant.index, model)
    if (node.inherited) reviseAll()
    else revise(variant.index)
    // That it takes less than was thought is no news of one that was given up.
    if (ofOthers && (!lost || (model.surprise.log ?? 0) > 0)) common.saw(node, model.surprise)
    if (lost) return
    compare(node, variant, batch, seenMs)
    if (model.isMeasured) untried.ran(node, variant.index, ofOthers)
  }

  return {
    measured,
    inherit(from, to) {
      revise(to.index)
      typical.inherit(from, to)
      for (const node of nodes.values()) {
        const model = node.modelAt[from.index]
        if (model === undefined) continue
        node.inherited = true
        setModel(node, to.index, model)
      }
    },
    drop(variants) {
      for (const node of nodes.values()) dropModels(node, variants)
    },
    ran: (id, variant, batch, computeMs) => observe(id, variant, batch, computeMs, false),
    lost: (id, variant, batch, afterMs) => observe(id, variant, batch, afterMs, true),
    relax(nowMs) {
      reviseAll()
      common.relax(nowMs)
      for (const node of nodes.values()) {
        const ofNode = currentRatio(node, nowMs)
        for (const [index, model] of node.models) {
          model.relax(nowMs, ofNode)
          remodelled(node, index, model)
        }
      }
    },
    doubt(variants) {
      for (const node of nodes.values()) {
        doubtNode(node, variants)
        facts.changes++
      }
      reviseAll()
    },
    besideLoad(id, times) {
      if (times > 0) beside.saw(nodeOf(id), times, speaks(id))
    },
    loadFactor: (id) => beside.of(nodes.get(id)),
    sent(id, task, networkMs) {
      if (!(networkMs >= 0) || !Number.isFinite(networkMs)) return
      const node = nodeOf(id)
      const known = node.networkAt[task.index] ?? networkMs
      setNetwork(node, task, known + 0.2 * (Math.min(networkMs, OUTLIER * known + 5) - known))
    },
    roundTrip(id, roundTripMs) {
      if (roundTripMs >= 0 && Number.isFinite(roundTripMs)) nodeOf(id).roundTripMs = roundTripMs
    },
    latency(id, variant, batch) {
      const node = nodes.get(id)
      return { meanMs: meanOf(node, variant, batch), upperMs: upperOf(node, variant, batch) }
    },
    of: (id) => createTimes(id, facts),
    joined: gone.joined,
    left: gone.left,
    revision: ({ index }) => revisions[index] ?? 0,
    meanMs: (id, variant, batch) => meanOf(nodes.get(id), variant, batch),
    usualMs: (id, variant, batch) => meanOf(nodes.get(id), variant, batch) / common.pace,
    hasRun: (id, variant) => nodes.get(id)?.modelAt[variant.index]?.hasRun() ?? false,
    isKnown: (id, variant) => nodes.get(id)?.models.has(variant.index) ?? false,
    networkMs: (id, task) => networkOf(nodes.get(id), task),
    slowness: (id) => nodes.get(id)?.slowness ?? 1,
    keep(id, shapes) {
      const node = nodes.get(id)
      if (node === undefined || node.models.size === 0) return undefined
      const served = [...node.models].flatMap(([index, model]) => {
        const { ref } = shapes.variants[index]!
        return shapes.find(ref)?.index === index ? [{ ref, model }] : []
      })
      return {
        models: served.map(({ ref, model }) => ({
          ...publicRef(ref),
          points: pointsOf(model),
        })),
        networkMs: [...node.network].map(([task, ms]) => (
          { pipeline: publicName(task.pipeline.name), task: task.name, ms }
        )),
      }
    },
    recall(id, { models, networkMs }, shapes) {
      for (const { points, ...ref } of models) {
        const variant = shapes.find(ref)
        if (variant !== undefined) measured(id, variant, points)
      }
      for (const { pipeline, task, ms } of networkMs) {
        const shape = shapes.pipelines.get(pipeline)?.tasks.find(({ name }) => name === task)
        if (shape !== undefined && ms >= 0) setNetwork(nodeOf(id), shape, ms)
      }
      gone.left(id)
    },
  }
}
