/**
 * The times of one node, for decisions that ask for them over and over.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { NodeId } from '../core/types.ts'
import type { LatencyModel } from './latency.ts'
import { NO_ONES, type NodeProfile, type Ones } from './node_profile.ts'

/** What a decision asks of one node, without looking it up each time. */
export interface NodeTimes {
  meanMs(variant: VariantShape, batch: number): number
  upperMs(variant: VariantShape, batch: number): number
  /** How many times as long as the mean a batch may take: upper for mean latency. */
  upperTimes(variant: VariantShape): number
  /** Of one item, as far as that is no guess. */
  ones(): Ones
  /** What it measured or showed; undefined where its times are a guess. */
  modelOf(variant: VariantShape): LatencyModel | undefined
  /** Both ways together. */
  networkMs(task: TaskShape): number
  /** Of a bare message: how far it is. */
  roundTripMs(): number
  loadFactor(): number
}

/** What is known of all nodes. */
export interface Known {
  nodes: ReadonlyMap<NodeId, NodeProfile>
  /** Nodes that came or went. */
  changes: number
  meanOf(node: NodeProfile | undefined, variant: VariantShape, batch: number): number
  upperOf(node: NodeProfile | undefined, variant: VariantShape, batch: number): number
  networkOf(node: NodeProfile | undefined, task: TaskShape): number
  loadFactorOf(node: NodeProfile | undefined): number
  /** Upper for mean latency of what no node showed. */
  unseenUpper: number
}

/** Follows the node through its coming and going. A class, as `Model` of `profile/latency_model.ts`. */
class Times implements NodeTimes {
  private node: NodeProfile | undefined
  private asOf = -1

  constructor(private readonly id: NodeId, private readonly known: Known) {}

  meanMs(variant: VariantShape, batch: number): number {
    return this.known.meanOf(this.own(), variant, batch)
  }

  upperMs(variant: VariantShape, batch: number): number {
    return this.known.upperOf(this.own(), variant, batch)
  }

  upperTimes(variant: VariantShape): number {
    return this.own()?.modelAt[variant.index]?.upperTimes() ?? this.known.unseenUpper
  }

  ones(): Ones {
    return this.own()?.ones ?? NO_ONES
  }

  modelOf(variant: VariantShape): LatencyModel | undefined {
    return this.own()?.modelAt[variant.index]
  }

  networkMs(task: TaskShape): number {
    return this.known.networkOf(this.own(), task)
  }

  roundTripMs(): number {
    return this.own()?.roundTripMs ?? 0
  }

  loadFactor(): number {
    return this.known.loadFactorOf(this.own())
  }

  private own(): NodeProfile | undefined {
    if (this.asOf !== this.known.changes) {
      this.asOf = this.known.changes
      this.node = this.known.nodes.get(this.id)
    }
    return this.node
  }
}

export const createTimes = (id: NodeId, known: Known): NodeTimes => new Times(id, known)
