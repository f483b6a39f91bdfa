/**
 * What the pool can do, as of a moment: groups of slots that are alike, and for each variant how
 * fast each group serves it and what an item of it costs. Grouped anew when slots change; as
 * profiles are corrected, only valued anew.
 *
 * @module
 */
import type { Profile } from '../estimate/profile.ts'
import type { Shapes, TaskShape, VariantShape } from '../core/graph.ts'
import type { NodeId } from '../core/types.ts'
import type { BatchSizes } from '../estimate/batch_sizes.ts'
import { PROOF, type Proof, servedBy } from './proof.ts'
import { type Group, holdsAll, type NodeClass, type PoolNode, type Slot } from './slots.ts'

/** One variant on one group. */
export interface Server {
  group: Group
  /** One item, alone. */
  meanMs: number
  upperMs: number
  /** Both ways together. */
  networkMs: number
  /** Time of a slot for one item, at the batch sizes that the group runs. */
  costMs: number
  /** The same as far as it ran; before that, at those that it is expected to. */
  planMs: number
  /** Mean latency of a batch, and the size of its batches of late. */
  latencyMs(batch: number): number
  batch: number
}

export interface Service {
  /** Groups that hold the variant and take batches, those with the soonest answers first. */
  servers: Server[]
  /** Network time of the nearest server. */
  nearestMs: number
  /** How much an upper latency exceeds a mean one. */
  upperRatio: number
}

export interface Layout {
  groups: Group[]
  slotCount: number
  /** Every slot holds all that it may be asked to. */
  allHeld: boolean
  /** A few nodes of each group. */
  samples: ReadonlyMap<Group, PoolNode[]>
}

export interface Capacity {
  epoch: number
  builtMs: number
  /** The same until slots are grouped anew. */
  layout: Layout
  /** Quickest first. */
  groups: readonly Group[]
  slotCount: number
  /** By index of variant; undefined where no usable slot holds it. */
  services: (Service | undefined)[]
}

/** Groups the slots of these classes; nodes that have shown nothing do what no others can. */
export function layOut(
  classes: readonly NodeClass[],
  proofOf: (node: NodeId) => Proof,
): Layout {
  for (const { nodes } of classes) for (const node of nodes) node.proof = proofOf(node.id)
  const isNew = ({ proof }: PoolNode) => proof === PROOF.none
  const served = classes.some(({ nodes }) => nodes.some(isNew))
    ? servedBy(groupAll(classes, ({ proof }) => proof >= PROOF.right))
    : new Set<string>()
  const groups = served.size === 0 ? groupAll(classes, () => true) : [
    ...groupAll(classes, (node) => !isNew(node)),
    ...groupAll(classes, isNew, served),
  ]
  for (const group of groups) {
    for (const slot of group.slots) slot.group = group
  }
  return {
    groups,
    slotCount: groups.reduce((sum, group) => sum + group.slots.length, 0),
    allHeld: groups.every(({ slots }) => slots.every(holdsAll)),
    samples: new Map(groups.map((group) => [group, sampleOf(group)])),
  }
}

/**
 * Takes the slots of a node that went out of their groups, until all are grouped anew. False where that
 * cannot wait: it was the last of its class, or of a group.
 */
export function takeOut(node: PoolNode, classes: readonly NodeClass[], layout: Layout): boolean {
  const own = classes.find(({ name }) => name === node.class)
  if (own === undefined || own.nodes.length < 2) return false
  own.nodes = own.nodes.filter((other) => other !== node)
  for (const slot of node.slots) {
    const { group } = slot
    if (group === null) continue
    if (group.slots.length < 2) return false
    slot.group = null
    group.slots.splice(group.slots.indexOf(slot), 1)
    group.duty -= node.duty
    layout.slotCount--
  }
  return true
}

/** Values what each group can do now. */
export function valueCapacity(
  epoch: number,
  shapes: Shapes,
  layout: Layout,
  profile: Profile,
  sizes: BatchSizes,
  nowMs: number,
): Capacity {
  const { samples, slotCount } = layout
  for (const group of layout.groups) {
    const sample = samples.get(group)!
    group.meanMs = sample.reduce((sum, { id }) => sum + profile.slowness(id), 0) / sample.length
  }
  const groups = [...layout.groups].sort((a, b) => a.meanMs - b.meanMs || b.duty - a.duty)
  groups.forEach((group, index) => group.index = index)
  const networkMs = networksOf(samples)
  return {
    epoch,
    builtMs: nowMs,
    layout,
    groups,
    slotCount,
    services: shapes.variants.map((variant) =>
      serviceOf(variant, groups, layout, networkMs, sizes)
    ),
  }
}

/** @param keptFrom pipelines that these nodes are given no queries of */
function groupAll(
  classes: readonly NodeClass[],
  takes: (node: PoolNode) => boolean,
  keptFrom: ReadonlySet<string> = new Set(),
): Group[] {
  const groups: Group[] = []
  for (const nodeClass of classes) groupsOf(nodeClass, takes, keptFrom, groups)
  return groups
}

function groupsOf(
  nodeClass: NodeClass,
  takes: (node: PoolNode) => boolean,
  keptFrom: ReadonlySet<string>,
  groups: Group[],
): void {
  const byHeld = new Map<string, Group>()
  for (const node of nodeClass.nodes) {
    if (!takes(node)) continue
    node.keptFrom = keptFrom
    for (const slot of node.slots) {
      const held = [...slot.held].filter(({ task }) => !keptFrom.has(task.pipeline.name))
      if (node.paused || held.length === 0) {
        slot.group = null
        continue
      }
      const key = slot.heldKey
      let group = byHeld.get(key)
      if (group === undefined) {
        const tasks = new Set(held.map(({ task }) => task))
        group = {
          index: 0,
          key: `${nodeClass.name} ${key}${keptFrom.size > 0 ? ' new' : ''}`,
          class: nodeClass,
          held: new Set(held),
          tasks: [...tasks].sort((a, b) => b.depth - a.depth),
          loading: slot.loading.size > 0,
          slots: [],
          duty: 0,
          meanMs: 0,
        }
        byHeld.set(key, group)
        groups.push(group)
      }
      group.slots.push(slot)
      group.duty += node.duty
    }
  }
}

/** Nodes whose profile is asked for a group: more tell no more, and cost time in large pools. */
const SAMPLE = 16

function serviceOf(
  variant: VariantShape,
  groups: readonly Group[],
  layout: Layout,
  networkOf: (group: Group, task: TaskShape) => number,
  sizes: BatchSizes,
): Service | undefined {
  const servers: Server[] = []
  let ratios = 0
  let slots = 0
  for (const group of groups) {
    if (!group.held.has(variant)) continue
    const nodes = layout.samples.get(group)!
    const latencyMs = latencyOf(variant, nodes, group.loading)
    const meanMs = latencyMs(1)
    const upperMs = nodes.reduce((sum, { times }) => sum + upperIn(times, variant, group), 0) /
      nodes.length
    const batch = sizes.seen(group.class.name, variant.task)
    const costs = sizes.costs(group.class.name, variant, latencyMs)
    const costMs = Math.max(costs.costMs, 1e-3)
    const planMs = Math.max(costs.planMs, 1e-3)
    const networkMs = networkOf(group, variant.task)
    servers.push({ group, meanMs, upperMs, networkMs, costMs, planMs, latencyMs, batch })
    ratios += group.slots.length * upperMs / meanMs
    slots += group.slots.length
  }
  servers.sort((a, b) => a.meanMs + a.networkMs - (b.meanMs + b.networkMs))
  const quickest = servers[0]
  if (quickest === undefined) return undefined
  return {
    servers,
    nearestMs: servers.reduce((least, { networkMs }) => Math.min(least, networkMs), Infinity),
    upperRatio: Math.max(1, ratios / slots),
  }
}

/** Mean network time of the nodes of a group, worked out once for each task. */
function networksOf(samples: Layout['samples']): (group: Group, task: TaskShape) => number {
  const known = new Map<Group, (number | undefined)[]>()
  return (group, task) => {
    let byTask = known.get(group)
    if (byTask === undefined) known.set(group, byTask = [])
    const nodes = samples.get(group)!
    return byTask[task.index] ??= nodes.reduce((sum, { times }) => sum + times.networkMs(task), 0) /
      nodes.length
  }
}

/** Mean latency over nodes, longer where these are loading; what was asked for once stays as it was. */
function latencyOf(variant: VariantShape, nodes: readonly PoolNode[], loading: boolean) {
  const known = new Map<number, number>()
  return (batch: number): number => {
    let ms = known.get(batch)
    if (ms !== undefined) return ms
    ms = 0
    for (const { times } of nodes) {
      ms += times.meanMs(variant, batch) * (loading ? times.loadFactor() : 1)
    }
    ms /= nodes.length
    known.set(batch, ms)
    return ms
  }
}

const upperIn = (times: PoolNode['times'], variant: VariantShape, { loading }: Group): number =>
  times.upperMs(variant, 1) * (loading ? times.loadFactor() : 1)

/** A few nodes spread over the group; all of them where they are few. */
function sampleOf(group: Group): PoolNode[] {
  const nodes = [...new Set(group.slots.map((slot) => slot.node))]
  if (nodes.length <= SAMPLE) return nodes
  return Array.from({ length: SAMPLE }, (_, i) => nodes[Math.floor(i * nodes.length / SAMPLE)]!)
}

/** Whether no other node takes batches of the task: slots of one wait for the same machine. */
export const isAlone = ({ node }: Slot, task: TaskShape, { groups }: Capacity): boolean =>
  groups.every(({ tasks, slots }) =>
    !tasks.includes(task) || slots.every((other) => other.node === node)
  )
