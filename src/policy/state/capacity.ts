/**
 * What the pool can do, as of a moment: groups of slots that are alike, and for each variant how fast
 * each group serves it and what an item of it costs. Grouped anew when slots change; as profiles are
 * corrected, only valued anew.
 *
 * Whoever joins could take every query and answer none. So beside nodes that are known to work a new
 * one is given work that no query waits for, until it has shown that it works, too; and a pool can do
 * what the others can do. A new node is still given what only it can do.
 *
 * @module
 */
import type { BatchSizes } from '../estimate/batch_sizes.ts'
import type { Profile } from '../estimate/profile.ts'
import type { Shapes, TaskShape, VariantShape } from '../core/graph.ts'
import type { NodeId } from '../core/types.ts'
import { pool as P } from './params.ts'
import { type Group, type NodeClass, type PoolNode, PROOF, type Proof, type Slot } from './node.ts'
import { mostOf } from './threads.ts'

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
  /** The same for a plan: before it ran anything, at those that are expected. */
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
  /** A few nodes of each group. */
  samples: ReadonlyMap<Group, PoolNode[]>
  /** Some node was put into a class for the first time. */
  hasNew: boolean
}

export interface Capacity {
  epoch: number
  /** The same until slots are grouped anew. */
  layout: Layout
  /** Quickest first. */
  groups: readonly Group[]
  slotCount: number
  /** By index of variant; undefined where no usable slot holds it. */
  services: (Service | undefined)[]
}

const NOTHING: ReadonlySet<string> = new Set()

/** Groups the slots of these classes; nodes that have shown nothing do what no others can. */
export function layOut(
  classes: readonly NodeClass[],
  proofOf: (node: NodeId) => Proof,
): Omit<Layout, 'hasNew'> {
  for (const { nodes } of classes) for (const node of nodes) node.proof = proofOf(node.id)
  const isNew = ({ proof }: PoolNode) => proof === PROOF.none
  const served = classes.some(({ nodes }) => nodes.some(isNew))
    ? servedBy(groupAll(classes, ({ proof }) => proof >= PROOF.right))
    : NOTHING
  const groups = served.size === 0
    ? groupAll(classes, () => true)
    : [...groupAll(classes, (node) => !isNew(node)), ...groupAll(classes, isNew, served)]
  for (const group of groups) for (const slot of group.slots) slot.group = group
  return {
    groups,
    slotCount: groups.reduce((sum, { slots }) => sum + slots.length, 0),
    samples: new Map(groups.map((group) => [group, sampleOf(group)])),
  }
}

/** Names of the pipelines of which these groups can do every task. */
function servedBy(groups: readonly Group[]): ReadonlySet<string> {
  const tasks = new Set(groups.flatMap(({ tasks }) => tasks))
  const pipelines = new Set([...tasks].map(({ pipeline }) => pipeline))
  const served = [...pipelines].filter((one) => one.tasks.every((task) => tasks.has(task)))
  return new Set(served.map(({ name }) => name))
}

/**
 * Takes the slots of a node that went out of their groups, until all are grouped anew. False where that
 * cannot wait: it was the last of a group.
 */
export function takeOut(node: PoolNode, classes: readonly NodeClass[], layout: Layout): boolean {
  for (const one of classes) one.nodes = one.nodes.filter((other) => other !== node)
  for (const slot of node.slots) {
    const { group } = slot
    if (group === null) continue
    if (group.slots.length < 2) return false
    slot.group = null
    group.slots.splice(group.slots.indexOf(slot), 1)
    group.duty -= mostOf(node)
    layout.slotCount--
  }
  return true
}

/** @param keptFrom pipelines that these nodes are given no queries of */
function groupAll(
  classes: readonly NodeClass[],
  takes: (node: PoolNode) => boolean,
  keptFrom = NOTHING,
): Group[] {
  return classes.flatMap((nodeClass) => {
    const byHeld = new Map<string, Group>()
    for (const node of nodeClass.nodes) {
      if (!takes(node)) continue
      node.keptFrom = keptFrom
      for (const slot of node.slots) {
        slot.group = null
        const held = [...slot.held].filter(({ task }) => !keptFrom.has(task.pipeline.name))
        if (node.paused || held.length === 0) continue
        const key = `${slot.heldKey} x${node.inUse.threads}`
        let group = byHeld.get(key)
        if (group === undefined) byHeld.set(key, group = groupOf(nodeClass, slot, held, keptFrom))
        group.slots.push(slot)
        group.duty += mostOf(node)
      }
    }
    return [...byHeld.values()]
  })
}

const groupOf = (
  nodeClass: NodeClass,
  { heldKey, loading, node: { inUse } }: Slot,
  held: readonly VariantShape[],
  keptFrom: ReadonlySet<string>,
  kind = `${nodeClass.name} ${heldKey}${keptFrom.size > 0 ? ' new' : ''}`,
): Group => ({
  index: 0,
  key: inUse.threads === 1 ? kind : `${kind} x${inUse.threads}`,
  kind,
  class: nodeClass,
  held: new Set(held),
  tasks: [...new Set(held.map(({ task }) => task))].sort((a, b) => b.depth - a.depth),
  loading: loading !== null,
  slots: [],
  duty: 0,
  meanMs: 0,
})

/** A few nodes spread over the group; all of them where they are few. */
function sampleOf(group: Group): PoolNode[] {
  const nodes = [...new Set(group.slots.map((slot) => slot.node))]
  if (nodes.length <= P.sample) return nodes
  return Array.from({ length: P.sample }, (_, i) => nodes[Math.floor(i * nodes.length / P.sample)]!)
}

/** Values what each group can do now. */
export function valueCapacity(
  epoch: number,
  shapes: Shapes,
  layout: Layout,
  profile: Profile,
  sizes: BatchSizes,
): Capacity {
  const { samples, slotCount } = layout
  for (const group of layout.groups) {
    group.meanMs = meanOver(samples.get(group)!, ({ id }) => profile.slowness(id))
  }
  const groups = [...layout.groups].sort((a, b) => a.meanMs - b.meanMs || b.duty - a.duty)
  groups.forEach((group, index) => group.index = index)
  const networks = new Map(groups.map((group) => [group, [] as (number | undefined)[]]))
  /** Of a group, worked out once for each task. */
  const networkOf = (group: Group, task: TaskShape) =>
    networks.get(group)![task.index] ??= meanOver(
      samples.get(group)!,
      ({ times }) => times.networkMs(task),
    )
  const services = shapes.variants.map((variant) => {
    const servers = groups.filter(({ held }) => held.has(variant)).map((group) =>
      serverOf(variant, group, samples.get(group)!, networkOf(group, variant.task), sizes)
    )
    return serviceOf(servers)
  })
  return { epoch, layout, groups, slotCount, services }
}

const meanOver = (nodes: readonly PoolNode[], value: (node: PoolNode) => number): number =>
  nodes.reduce((sum, node) => sum + value(node), 0) / nodes.length

function serverOf(
  variant: VariantShape,
  group: Group,
  nodes: readonly PoolNode[],
  networkMs: number,
  sizes: BatchSizes,
): Server {
  const known = new Map<number, number>()
  const paceOf = ({ times }: PoolNode) => group.loading ? times.loadFactor() : 1
  /** What was asked for once stays as it was. */
  function latencyMs(batch: number): number {
    let ms = known.get(batch)
    if (ms === undefined) {
      ms = meanOver(nodes, (node) => node.times.meanMs(variant, batch) * paceOf(node))
      known.set(batch, ms)
    }
    return ms
  }
  const { costMs, planMs } = sizes.costs(group.class.name, variant, latencyMs)
  return {
    group,
    meanMs: latencyMs(1),
    upperMs: meanOver(nodes, (node) => node.times.upperMs(variant, 1) * paceOf(node)),
    networkMs,
    costMs: Math.max(costMs, 1e-3),
    planMs: Math.max(planMs, 1e-3),
    latencyMs,
    batch: sizes.seen(group.class.name, variant.task),
  }
}

function serviceOf(servers: Server[]): Service | undefined {
  if (servers.length === 0) return undefined
  servers.sort((a, b) => a.meanMs + a.networkMs - (b.meanMs + b.networkMs))
  let [ratios, slots, nearestMs] = [0, 0, Infinity]
  for (const { group, upperMs, meanMs, networkMs } of servers) {
    ratios += group.slots.length * upperMs / meanMs
    slots += group.slots.length
    nearestMs = Math.min(nearestMs, networkMs)
  }
  return { servers, nearestMs, upperRatio: Math.max(1, ratios / slots) }
}

/** Whether no other node takes batches of the task: slots of one wait for the same machine. */
export const isAlone = ({ node }: Slot, task: TaskShape, { groups }: Capacity): boolean =>
  groups.every(({ tasks, slots }) =>
    !tasks.includes(task) || slots.every((other) => other.node === node)
  )
