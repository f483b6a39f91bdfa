/**
 * What is known of latency: per node and variant, as a line over the batch size with its spread,
 * from the pipeline file's prior through measured points to the batches that nodes really ran.
 *
 * Network time is kept apart, per node and task: a picture takes longer than a crop.
 *
 * @module
 */
import type { LatencyPoint, NodeId } from './types.ts'
import type { Shapes, TaskShape, VariantShape } from './shape.ts'
import { addTo, at, type Line, lineOf, noSums, type Sums } from './fit.ts'

/** Of one batch, in milliseconds. `upperMs` is not exceeded by about 95 of 100 batches. */
export interface Latency {
  meanMs: number
  upperMs: number
}

export interface Profile {
  /** The node's own measurements; they replace what was assumed of its batch sizes. */
  measured(node: NodeId, variant: VariantShape, points: readonly LatencyPoint[]): void
  /** A batch ended. Outliers count for no more than three times what was expected. */
  ran(node: NodeId, variant: VariantShape, batch: number, computeMs: number): void
  /** A batch was given up after so long: it is slow for now, which says nothing of other times. */
  lost(node: NodeId, variant: VariantShape, batch: number, afterMs: number): void
  /**
   * Lets slowness fade that was not seen again for a while. Without this a pool that was slow once
   * would refuse all queries, and so never learn better.
   */
  relax(nowMs: number): void
  sent(node: NodeId, task: TaskShape, networkMs: number): void
  roundTrip(node: NodeId, roundTripMs: number): void
  latency(node: NodeId, variant: VariantShape, batch: number): Latency
  /** Both ways together. */
  networkMs(node: NodeId, task: TaskShape): number
  /** Time of this node for the time of the reference machine: 2 is half as fast. */
  slowness(node: NodeId): number
}

interface Model {
  /** The shape over batch sizes before any batch ran; observations bend and scale it. */
  base: Line
  scale: number
  sums: Sums
  /** Weighted mean of squared relative errors. */
  variance: number
  observed: number
  /** What the scale is over the long run, without what was lost; and of how many batches. */
  usualScale: number
  usual: number
  /** Batches since `relax` last looked. */
  fresh: boolean
  restedMs: number
  line: Line
}

interface NodeProfile {
  logSlowness: number
  samples: number
  models: Map<number, Model>
  network: Map<TaskShape, number>
  roundTripMs: number
}

/** Of a variant whose file gives no reference, on a node that measured nothing. */
const UNKNOWN_MS = 100
const DECAY = 0.9
const OUTLIER = 3
/** Weight of the assumed shape at each of two batch sizes, against 1 for the newest batch. */
const SHAPE_WEIGHT = 0.5
const SHAPE_AT = [1, 8] as const
const UNSEEN_VARIANCE = 0.25 ** 2
const LEAST_VARIANCE = 0.03 ** 2
const UPPER_DEVIATIONS = 1.65
const MAX_NODES = 1024
/** After so long without a batch a variant that was slower than usual is thought half as slow. */
const RELAX_MS = 10_000
const RELAX = 0.5
/** Points that a node measured count as so many batches for what is usual. */
const MEASURED_WEIGHT = 5

const modelOf = (base: Line, scale: number): Model => ({
  base,
  scale,
  sums: noSums(),
  variance: UNSEEN_VARIANCE,
  observed: 0,
  usualScale: scale,
  usual: 0,
  fresh: true,
  restedMs: 0,
  line: base,
})

export function createProfile(shapes: Shapes): Profile {
  /** Kept after a node left: it may come back. The longest unused goes first. */
  const nodes = new Map<NodeId, NodeProfile>()

  function nodeOf(id: NodeId): NodeProfile {
    const known = nodes.get(id)
    if (known !== undefined) return known
    const made: NodeProfile = {
      logSlowness: 0,
      samples: 0,
      models: new Map(),
      network: new Map(),
      roundTripMs: 0,
    }
    if (nodes.size >= MAX_NODES) nodes.delete(nodes.keys().next().value!)
    nodes.set(id, made)
    return made
  }

  const referenceOf = (variant: VariantShape) => variant.referenceMs ?? UNKNOWN_MS

  /** Learns how this node compares with the reference machine, for variants it has yet to run. */
  function compare(node: NodeProfile, variant: VariantShape, msPerItem: number): void {
    if (variant.referenceMs === undefined || !(msPerItem > 0)) return
    node.samples++
    const weight = Math.max(0.15, 1 / node.samples)
    node.logSlowness += weight * (Math.log(msPerItem / variant.referenceMs) - node.logSlowness)
  }

  function refit(model: Model): void {
    let sums = model.sums
    for (const batch of SHAPE_AT) {
      sums = addTo(sums, batch, model.scale * at(model.base, batch), SHAPE_WEIGHT)
    }
    model.line = lineOf(sums)
  }

  function measured(id: NodeId, variant: VariantShape, points: readonly LatencyPoint[]): void {
    const usable = points.filter(({ batch, latencyMs }) => batch >= 1 && latencyMs > 0)
    if (usable.length === 0) return
    const base = lineOf(
      usable.reduce((sums, { batch, latencyMs }) => addTo(sums, batch, latencyMs, 1), noSums()),
    )
    const node = nodeOf(id)
    node.models.set(variant.index, {
      ...modelOf(base, 1),
      variance: UNSEEN_VARIANCE / 2,
      usual: MEASURED_WEIGHT,
    })
    compare(node, variant, at(base, 1))
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
    let model = node.models.get(variant.index)
    if (model === undefined) {
      const base = { fixedMs: 0, perItemMs: referenceOf(variant) }
      model = modelOf(base, Math.exp(node.logSlowness))
      refit(model)
      node.models.set(variant.index, model)
    }
    const expectedMs = Math.max(at(model.line, batch), 0.01)
    const ratio = computeMs / expectedMs
    // The first batches may be far from the prior, and rightly: only later is far an outlier.
    const bound = model.observed < 2 ? 30 : OUTLIER
    const kept = Math.min(Math.max(ratio, 1 / bound), bound)
    const seenMs = kept * expectedMs
    const weight = Math.max(0.15, 1 / (model.observed + 1))
    model.scale += weight * (seenMs / Math.max(at(model.base, batch), 0.01) - model.scale)
    model.sums = addTo(model.sums, batch, seenMs, 1, DECAY)
    if (model.observed > 0) {
      const error = Math.min(kept, OUTLIER) - 1
      model.variance = Math.max(
        LEAST_VARIANCE,
        model.variance + (1 - DECAY) * (error * error - model.variance),
      )
    }
    model.observed++
    model.fresh = true
    refit(model)
    if (lost) return
    model.usual++
    const usually = Math.max(0.05, 1 / model.usual)
    model.usualScale += usually *
      (seenMs / Math.max(at(model.base, batch), 0.01) - model.usualScale)
    compare(node, variant, seenMs / batch)
  }

  function relax(nowMs: number): void {
    for (const { models } of nodes.values()) {
      for (const model of models.values()) {
        if (model.fresh || model.scale <= model.usualScale) {
          model.fresh = false
          model.restedMs = nowMs
        } else if (nowMs - model.restedMs >= RELAX_MS) {
          const factor = Math.max(RELAX, model.usualScale / model.scale)
          model.scale *= factor
          model.sums = { ...model.sums, y: model.sums.y * factor, xy: model.sums.xy * factor }
          model.restedMs = nowMs
          refit(model)
        }
      }
    }
  }

  return {
    measured,
    ran: (id, variant, batch, computeMs) => observe(id, variant, batch, computeMs, false),
    lost: (id, variant, batch, afterMs) => observe(id, variant, batch, afterMs, true),
    relax,
    sent(id, task, networkMs) {
      if (!(networkMs >= 0) || !Number.isFinite(networkMs)) return
      const { network } = nodeOf(id)
      const known = network.get(task)
      network.set(
        task,
        known === undefined
          ? networkMs
          : known + 0.2 * (Math.min(networkMs, OUTLIER * known + 5) - known),
      )
    },
    roundTrip(id, roundTripMs) {
      if (roundTripMs >= 0 && Number.isFinite(roundTripMs)) nodeOf(id).roundTripMs = roundTripMs
    },
    latency(id, variant, batch) {
      const node = nodes.get(id)
      const model = node?.models.get(variant.index)
      const meanMs = model === undefined
        ? referenceOf(variant) * Math.exp(node?.logSlowness ?? 0) * batch
        : at(model.line, batch)
      const spread = Math.sqrt(model?.variance ?? UNSEEN_VARIANCE)
      return { meanMs, upperMs: meanMs * (1 + UPPER_DEVIATIONS * spread) }
    },
    networkMs(id, task) {
      const node = nodes.get(id)
      return node?.network.get(task) ?? node?.roundTripMs ?? 0
    },
    slowness(id) {
      const node = nodes.get(id)
      if (node === undefined) return 1
      if (node.samples > 0) return Math.exp(node.logSlowness)
      // No references in the pipeline files: compare by what was learned of the first variants.
      const model = node.models.values().next().value
      return model === undefined ? 1 : at(model.line, 1) / referenceOf(shapes.variants[0]!)
    },
  }
}
