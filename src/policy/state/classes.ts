/**
 * Device classes: nodes with similar measured profiles and network time, whatever device name they
 * report. A plan counts nodes by class.
 *
 * @module
 */
import type { BatchSizes } from '../estimate/batch_sizes.ts'
import { latency } from '../estimate/params.ts'
import type { Profile } from '../estimate/profile.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { LatencyPoint, NodeId } from '../core/types.ts'
import { classes as C, pool as P } from './params.ts'
import type { NodeClass, PoolNode } from './node.ts'

const ALIKE = Math.log(C.alike)

/** Logarithm of each variant's latency; last the network time, scaled to weigh as much as these. */
function traitsOf({ able, times }: PoolNode): number[] {
  const traits = able.map((variant) => Math.log(times.meanMs(variant, 1) / times.threadsFactor))
  let away = 0
  let before: TaskShape | undefined
  for (const { task } of able) {
    if (task === before) continue
    before = task
    away = Math.max(away, times.networkMs(task) / task.pipeline.pipeline.sloMs)
  }
  traits.push(away * ALIKE / C.near)
  return traits
}

/**
 * Largest difference of traits, divided by the spread for variants with varying latency. Infinity for nodes
 * with different sets of able variants or different memory.
 */
function distance(node: PoolNode, traits: readonly number[], other: NodeClass): number {
  const { able, memoryBytes, times } = node
  if (able.length !== other.able.length || memoryBytes !== other.memoryBytes) return Infinity
  // The last trait is the network time and belongs to no variant.
  let most = Math.abs(traits[able.length]! - other.centre[able.length]!)
  for (let i = 0; i < able.length; i++) {
    if (able[i] !== other.able[i]) return Infinity
    const spread = (times.upperTimes(able[i]!) - 1) / (latency.upper * latency.guessSpread)
    most = Math.max(most, Math.abs(traits[i]! - other.centre[i]!) / Math.max(1, spread))
  }
  return most
}

/** Classes while nodes are assigned to them. */
class Clusters {
  readonly all: NodeClass[]
  private readonly byName: Map<string, NodeClass>
  private readonly sums = new Map<NodeClass, number[]>()

  constructor(before: readonly NodeClass[]) {
    this.all = before.map((old) => ({ ...old, nodes: [] }))
    this.byName = new Map(this.all.map((one) => [one.name, one]))
  }

  add(node: PoolNode): void {
    const traits = traitsOf(node)
    const own = node.class === null ? undefined : this.byName.get(node.class)
    // A node stays in a class it is near: a plan must not change with each correction of a profile.
    const stays = own !== undefined && distance(node, traits, own) <= 1.5 * ALIKE
    const found = stays ? own : this.nearest(node, traits) ?? this.open(node, traits)
    found.nodes.push(node)
    node.class = found.name
    const sum = this.sums.get(found) ?? traits.map(() => 0)
    traits.forEach((trait, i) => sum[i]! += trait)
    this.sums.set(found, sum)
  }

  /** Classes with nodes, centred on the mean of these. */
  used(): NodeClass[] {
    const used = this.all.filter(({ nodes }) => nodes.length > 0)
    for (const one of used) one.centre = this.sums.get(one)!.map((sum) => sum / one.nodes.length)
    return used
  }

  private nearest(node: PoolNode, traits: readonly number[]): NodeClass | undefined {
    let least = this.all.length < C.most ? ALIKE : Infinity
    let nearest: NodeClass | undefined
    for (const candidate of this.all) {
      const apart = distance(node, traits, candidate)
      if (apart > least || apart === Infinity) continue
      least = apart
      nearest = candidate
    }
    return nearest
  }

  private open({ able, memoryBytes }: PoolNode, centre: number[]): NodeClass {
    let number = 1
    while (this.byName.has(`class-${number}`)) number++
    const name = `class-${number}`
    const made: NodeClass = { name, index: 0, nodes: [], able, memoryBytes, centre }
    this.all.push(made)
    this.byName.set(name, made)
    return made
  }
}

/**
 * Assigns nodes to classes, in the order given.
 *
 * @param before the classes so far; a class keeps its name as long as it has nodes
 */
export function classify(
  nodes: Iterable<PoolNode>,
  before: readonly NodeClass[],
): NodeClass[] {
  const clusters = new Clusters(before)
  for (const node of nodes) clusters.add(node)
  const left: NodeClass[] = []
  for (const one of clusters.used()) {
    // Classes that drifted together are merged; else a plan would treat them apart for ever.
    const same = left.find((other) => distance(one.nodes[0]!, one.centre, other) <= ALIKE / 2)
    if (same === undefined) left.push(one)
    else merge(one, same)
  }
  left.forEach((one, index) => one.index = index)
  return left
}

function merge(one: NodeClass, into: NodeClass): void {
  const [before, count] = [into.nodes.length, one.nodes.length]
  into.centre = into.centre.map((trait, i) =>
    (trait * before + one.centre[i]! * count) / (before + count)
  )
  for (const node of one.nodes) node.class = into.name
  into.nodes.push(...one.nodes)
}

/** A class in the form that placement reads: plain data. */
export interface ClassReport {
  name: string
  nodes: NodeId[]
  /** Nodes that are kept from all pipelines they could serve; these are not counted. */
  aside: NodeId[]
  slots: number
  dutySum: number
  memoryBytes: number
  networkMs: number
  able: AbleReport[]
}

/** A variant that the nodes of a class are able to hold. */
interface AbleReport {
  /** Index of the variant. */
  variant: number
  /** Latency by batch size. */
  points: LatencyPoint[]
  /** Slot ms per item at the batch sizes run; upper latency of one item alone. */
  costMs: number
  upperMs: number
}

/** @param maxBatch the largest batch that is dispatched */
export function reportClasses(
  classes: readonly NodeClass[],
  profile: Profile,
  sizes: Pick<BatchSizes, 'costs'>,
  maxBatch: number,
): ClassReport[] {
  const batches: number[] = []
  for (let size = 1; size <= maxBatch; size *= 2) batches.push(size)
  return classes.map(({ name, nodes: all, memoryBytes, able }) => {
    const aside = all.filter(isAside)
    const nodes = all.filter((node) => !node.paused && !isAside(node))
    const sample = nodes.slice(0, P.sample)
    const meanOf = (value: (node: PoolNode) => number) =>
      sample.reduce((sum, node) => sum + value(node), 0) / Math.max(sample.length, 1)
    // Usual latencies: a node that is slow now is quick again before a load ends.
    const usualMs = (variant: VariantShape, batch: number) =>
      meanOf(({ id }) => profile.usualMs(id, variant, batch))
    return {
      name,
      nodes: all.map(({ id }) => id),
      aside: aside.map(({ id }) => id),
      slots: nodes.reduce((sum, { slots }) => sum + slots.length, 0),
      dutySum: nodes.reduce((sum, { slots, duty }) => sum + slots.length * duty, 0),
      memoryBytes,
      networkMs: meanOf(({ times }) => able[0] === undefined ? 0 : times.networkMs(able[0].task)),
      able: able.map((variant) => ({
        variant: variant.index,
        points: batches.map((batch) => ({ batch, latencyMs: usualMs(variant, batch) })),
        costMs: sizes.costs(name, variant, (batch) => usualMs(variant, batch)).planMs,
        upperMs: meanOf(({ id, times }) =>
          profile.usualMs(id, variant, 1) * times.upperTimes(variant)
        ),
      })),
    }
  }).filter(({ slots }) => slots > 0)
}

const isAside = ({ able, keptFrom }: PoolNode): boolean =>
  keptFrom.size > 0 && able.every(({ task }) => keptFrom.has(task.pipeline.name))
