/**
 * Device classes: nodes whose measured profiles are alike, and that are as far away, whatever they
 * call themselves. The plan counts nodes of a class.
 *
 * @module
 */
import type { Profile } from '../estimate/profile.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { NodeClass, PoolNode } from './slots.ts'

/** Nodes of one class differ by less than this factor in every variant, and stay until 1.6. */
const ALIKE = Math.log(1.35)
const STAY = Math.log(1.6)
/** Classes that have come so near to each other become one again. */
const SAME = Math.log(1.15)
const MAX_CLASSES = 12
/** Share of the time that queries have by which network times of one class differ no more. */
export const AS_NEAR = 0.1

/** The logarithm of each variant's latency; last the network time, so that it weighs as much as these. */
function traitsOf({ id, able, times }: PoolNode, profile: Profile): number[] {
  const traits = able.map((variant) => Math.log(profile.meanMs(id, variant, 1)))
  let away = 0
  let before: TaskShape | undefined
  for (const { task } of able) {
    if (task === before) continue
    before = task
    away = Math.max(away, times.networkMs(task) / task.pipeline.pipeline.sloMs)
  }
  traits.push(away * ALIKE / AS_NEAR)
  return traits
}

/** An upper latency so far above the mean, as a share of it, explains no difference between nodes. */
const USUAL_SPREAD = 0.4

/**
 * Largest difference over the traits, less where latencies vary much by themselves; Infinity between
 * nodes that are able to do different things.
 */
function distance(node: PoolNode, traits: readonly number[], other: NodeClass): number {
  if (node.able.length !== other.able.length || node.memoryBytes !== other.memoryBytes) {
    return Infinity
  }
  let most = 0
  for (let i = 0; i < traits.length; i++) {
    // The last trait, how far they are, is of no variant.
    if (node.able[i] !== other.able[i]) return Infinity
    const apart = Math.abs(traits[i]! - other.centre[i]!)
    most = Math.max(most, i < node.able.length ? apart / spreadOf(node, node.able[i]!) : apart)
  }
  return most
}

/** How much more a variant's latencies vary than is usual. */
const spreadOf = ({ times }: PoolNode, variant: VariantShape): number =>
  Math.max(1, (times.upperTimes(variant) - 1) / USUAL_SPREAD)

/**
 * Clusters nodes, in the order given. Nodes stay in their class while they are near it, so that a
 * plan made for classes does not dissolve with each correction of a profile.
 *
 * @param before the classes so far; their names go on as long as they have nodes
 */
export function classify(
  nodes: Iterable<PoolNode>,
  profile: Profile,
  before: readonly NodeClass[],
): NodeClass[] {
  const kept = new Map(before.map((old) => [old.name, { ...old, nodes: [] as PoolNode[] }]))
  const sums = new Map<NodeClass, number[]>()
  const classes: NodeClass[] = [...kept.values()]
  const taken = new Set(kept.keys())
  for (const node of nodes) {
    const traits = traitsOf(node, profile)
    const own = node.class === null ? undefined : kept.get(node.class)
    let found = own !== undefined && distance(node, traits, own) <= STAY ? own : undefined
    if (found === undefined) {
      let least = classes.length < MAX_CLASSES ? ALIKE : Infinity
      for (const candidate of classes) {
        const apart = distance(node, traits, candidate)
        if (apart > least || apart === Infinity) continue
        least = apart
        found = candidate
      }
    }
    if (found === undefined) {
      let number = 1
      while (taken.has(`class-${number}`)) number++
      taken.add(`class-${number}`)
      found = {
        name: `class-${number}`,
        index: 0,
        nodes: [],
        able: node.able,
        memoryBytes: node.memoryBytes,
        centre: traits,
      }
      classes.push(found)
    }
    found.nodes.push(node)
    node.class = found.name
    const sum = sums.get(found) ?? traits.map(() => 0)
    traits.forEach((trait, i) => sum[i]! += trait)
    sums.set(found, sum)
  }
  const used = classes.filter((some) => some.nodes.length > 0)
  for (const some of used) some.centre = sums.get(some)!.map((sum) => sum / some.nodes.length)
  const left = merged(used)
  left.forEach((some, index) => some.index = index)
  return left
}

/** A node that was parted for a while would else be planned for apart for ever. */
function merged(classes: readonly NodeClass[]): NodeClass[] {
  const left: NodeClass[] = []
  for (const one of classes) {
    const [first] = one.nodes
    const same = left.find((other) => distance(first!, one.centre, other) <= SAME)
    if (same === undefined) {
      left.push(one)
      continue
    }
    const [before, count] = [same.nodes.length, one.nodes.length]
    same.centre = same.centre.map((trait, i) =>
      (trait * before + one.centre[i]! * count) / (before + count)
    )
    for (const node of one.nodes) node.class = same.name
    same.nodes.push(...one.nodes)
  }
  return left
}
