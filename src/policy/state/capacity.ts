/**
 * Capacity of the pool at a moment: groups of similar slots, and for each variant the speed of each group
 * and the slot time per item. Slots are grouped again when they change; corrected profiles only change
 * the values.
 *
 * A node that just joined could take every query and answer none. So as long as nodes that are known to
 * work can serve a pipeline, a new node gets only work for it that no query waits for, until it has shown
 * that it works. For pipelines that only new nodes can serve, it gets queries.
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
  /** Latency of one item, alone. */
  meanMs: number
  upperMs: number
  /** Both directions together. */
  networkMs: number
  /** Slot ms per item, at the batch sizes the group runs. */
  costMs: number
  /** Slot ms per item for a plan: before the first batch, at the batch sizes expected. */
  planMs: number
  /** Mean latency of a batch; and the recent mean batch size of the group. */
  latencyMs(batch: number): number
  batch: number
}

export interface Service {
  /** Groups that hold the variant and take batches, by latency with network, quickest first. */
  servers: Server[]
  /** Network time of the nearest server, in ms. */
  nearestMs: number
  /** Mean ratio of upper to mean latency. */
  upperRatio: number
}

export interface Layout {
  groups: Group[]
  slotCount: number
  /** Up to `P.sample` nodes of each group. */
  samples: ReadonlyMap<Group, PoolNode[]>
  /** Whether some node was put into a class for the first time. */
  hasNew: boolean
}

export interface Capacity {
  epoch: number
  /** The same object until slots are grouped again. */
  layout: Layout
  groups: readonly Group[]
  slotCount: number
  /** By variant index; undefined if no usable slot holds the variant. */
  services: (Service | undefined)[]
}

const NOTHING: ReadonlySet<string> = new Set()

/** Groups the slots of these classes; unproven nodes serve only pipelines that proven nodes cannot. */
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

/** Names of the pipelines whose tasks these groups can all run. */
function servedBy(groups: readonly Group[]): ReadonlySet<string> {
  const tasks = new Set(groups.flatMap(({ tasks }) => tasks))
  const pipelines = new Set([...tasks].map(({ pipeline }) => pipeline))
  const served = [...pipelines].filter((one) => one.tasks.every((task) => tasks.has(task)))
  return new Set(served.map(({ name }) => name))
}

/**
 * Removes the slots of a departed node from their groups until the next layout. Returns false if that
 * cannot wait: a group would be empty.
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

/** @param keptFrom names of pipelines whose queries these nodes are not given */
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

/** Up to `P.sample` nodes spread evenly over the group. */
function sampleOf(group: Group): PoolNode[] {
  const nodes = [...new Set(group.slots.map((slot) => slot.node))]
  if (nodes.length <= P.sample) return nodes
  return Array.from({ length: P.sample }, (_, i) => nodes[Math.floor(i * nodes.length / P.sample)]!)
}

/** Computes speeds and costs of each group. */
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
  /** Network time of a group, computed once for each task. */
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
  /** Latencies are fixed once read. */
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

/** Whether no other node takes batches of the task; slots of one node share its fate. */
export const isAlone = ({ node }: Slot, task: TaskShape, { groups }: Capacity): boolean =>
  groups.every(({ tasks, slots }) =>
    !tasks.includes(task) || slots.every((other) => other.node === node)
  )
