/**
 * What the pool can do, as of a moment: groups of slots that are alike, and for each variant how
 * fast each group serves it and what an item of it costs. Grouped anew when slots change; as
 * profiles are corrected, only valued anew.
 *
 * @module
 */
import type { Shapes, TaskShape, VariantShape } from './shape.ts'
import { createMeans, frozen, type Means } from './means.ts'
import type { Profile } from './profile.ts'
import type { BatchSizes } from './batch_sizes.ts'
import { findIslands, type Island } from './islands.ts'
import { type Group, holdsAll, type NodeClass, type PoolNode, type Slot } from './slots.ts'

/** One variant on one group. */
export interface Server {
  group: Group
  /** One item, alone. */
  meanMs: number
  upperMs: number
  /** Time of a slot for one item, at the batch sizes that the group runs. */
  costMs: number
  /** The same as far as it ran; before that, at those that it is expected to. */
  planMs: number
  /** Mean latency of a batch, what is known of that, and the size of its batches of late. */
  latencyMs(batch: number): number
  known: (number | undefined)[]
  batch: number
}

export interface Service {
  /** Groups that hold the variant and take batches, quickest first. */
  servers: Server[]
  /** Items per millisecond by all of them together, duty included. */
  ratePerMs: number
  /** Time of the whole pool for one item, done where that costs least. */
  poolMs: number
  /** Mean network time of the quickest server. */
  networkMs: number
  /** How much an upper latency exceeds a mean one. */
  upperRatio: number
  /** By number of items: how long they take together, spread over all servers; as far as asked for. */
  spansMs: number[]
}

export interface Layout {
  groups: Group[]
  slotCount: number
  /** Every slot holds all that it may be asked to. */
  allHeld: boolean
  /** Pipelines that share no slot. */
  islands: Island[]
  /** A few nodes of each group. */
  samples: ReadonlyMap<Group, PoolNode[]>
  /** What those take, by index of the variant, as far as it was asked for. */
  means: ReadonlyMap<Group, (Means | undefined)[]>
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

/** Groups the slots of these classes. */
export function layOut(classes: readonly NodeClass[]): Layout {
  const groups: Group[] = []
  for (const nodeClass of classes) groupsOf(nodeClass, groups)
  for (const group of groups) {
    for (const slot of group.slots) slot.group = group
  }
  return {
    groups,
    slotCount: groups.reduce((sum, group) => sum + group.slots.length, 0),
    allHeld: groups.every(({ slots }) => slots.every(holdsAll)),
    islands: findIslands(groups),
    samples: new Map(groups.map((group) => [group, sampleOf(group)])),
    means: new Map(groups.map((group) => [group, []])),
  }
}

/**
 * Values what each group can do now.
 *
 * @param worths by key of the group: the price of its time, times all that its island had of it then
 */
export function valueCapacity(
  epoch: number,
  shapes: Shapes,
  layout: Layout,
  profile: Profile,
  sizes: BatchSizes,
  worths: ReadonlyMap<string, number>,
  nowMs: number,
): Capacity {
  const { samples, slotCount } = layout
  for (const group of layout.groups) {
    // A slot is a smaller share of an island that has grown since.
    group.price = (worths.get(group.key) ?? 1) / layout.islands[group.island]!.duty
    const sample = samples.get(group)!
    group.meanMs = sample.reduce((sum, { id }) => sum + profile.slowness(id), 0) / sample.length
  }
  const groups = [...layout.groups].sort((a, b) => a.meanMs - b.meanMs || b.duty - a.duty)
  groups.forEach((group, index) => group.index = index)
  return {
    epoch,
    builtMs: nowMs,
    layout,
    groups,
    slotCount,
    services: shapes.variants.map((variant) => serviceOf(variant, groups, layout, profile, sizes)),
  }
}

function groupsOf(nodeClass: NodeClass, groups: Group[]): void {
  const byHeld = new Map<string, Group>()
  for (const node of nodeClass.nodes) {
    for (const slot of node.slots) {
      if (node.paused || slot.held.size === 0) {
        slot.group = null
        continue
      }
      const key = slot.heldKey
      let group = byHeld.get(key)
      if (group === undefined) {
        const tasks = new Set([...slot.held].map(({ task }) => task))
        group = {
          index: 0,
          key: `${nodeClass.name} ${key}`,
          class: nodeClass,
          held: new Set(slot.held),
          tasks: [...tasks].sort((a, b) => b.depth - a.depth),
          loading: slot.loading.size > 0,
          slots: [],
          duty: 0,
          price: 0,
          meanMs: 0,
          duties: null,
          island: 0,
          declinedMs: { awake: -Infinity, resting: -Infinity },
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
  profile: Profile,
  sizes: BatchSizes,
): Service | undefined {
  const servers: Server[] = []
  let ratePerMs = 0
  let ratios = 0
  let slots = 0
  for (const group of groups) {
    if (!group.held.has(variant)) continue
    const means = meansOf(variant, group, layout, profile)
    means.begin()
    const { latencyMs, known } = frozen(means)
    const { upperMs } = means
    const meanMs = latencyMs(1)
    const batch = sizes.seen(group.class.name, variant.task)
    const costs = sizes.costs(group.class.name, variant, latencyMs)
    const costMs = Math.max(costs.costMs, 1e-3)
    const planMs = Math.max(costs.planMs, 1e-3)
    servers.push({ group, meanMs, upperMs, costMs, planMs, latencyMs, known, batch })
    ratePerMs += group.duty / costMs
    ratios += group.slots.length * upperMs / meanMs
    slots += group.slots.length
  }
  servers.sort((a, b) => a.meanMs - b.meanMs)
  const quickest = servers[0]
  if (quickest === undefined) return undefined
  return {
    servers,
    ratePerMs,
    poolMs: servers.reduce(
      (least, { group, costMs }) => Math.min(least, group.price * costMs),
      Infinity,
    ),
    networkMs: quickest.group.slots[0]!.node.times.networkMs(variant.task),
    upperRatio: Math.max(1, ratios / slots),
    spansMs: [],
  }
}

function meansOf(
  variant: VariantShape,
  group: Group,
  { samples, means }: Layout,
  { revision }: Profile,
): Means {
  const known = means.get(group)!
  return known[variant.index] ??= createMeans(variant, samples.get(group)!, group.loading, revision)
}

/** A few nodes spread over the group; all of them where they are few. */
function sampleOf(group: Group): PoolNode[] {
  const nodes = [...new Set(group.slots.map((slot) => slot.node))]
  if (nodes.length <= SAMPLE) return nodes
  return Array.from({ length: SAMPLE }, (_, i) => nodes[Math.floor(i * nodes.length / SAMPLE)]!)
}

/**
 * Time from start to end of `count` items spread over the idle pool, in milliseconds: each slot
 * runs one batch, as large as needed.
 */
export function makespanMs(service: Service, count: number, maxBatch: number): number {
  const { servers } = service
  const items = Math.ceil(count - 1e-6)
  const quickest = servers[0]!
  // Under load they share batches with others: then those decide how long it takes.
  const sharedMs = quickest.latencyMs(Math.min(Math.round(quickest.batch), maxBatch))
  if (items <= 1) return sharedMs
  return Math.max(sharedMs, service.spansMs[items] ??= aloneSpanMs(servers, items, maxBatch))
}

function aloneSpanMs(servers: Server[], items: number, maxBatch: number): number {
  let low = servers[0]!.meanMs
  let high = low * items
  for (let i = 0; i < 10; i++) {
    const middle = (low + high) / 2
    if (doneWithin(servers, middle, items, maxBatch) >= items) high = middle
    else low = middle
  }
  return high
}

function doneWithin(servers: Server[], ms: number, items: number, maxBatch: number): number {
  let done = 0
  for (const server of servers) {
    if (server.meanMs > ms || done >= items) break
    let low = 1
    let high = Math.min(items, maxBatch)
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (batchMs(server, middle) <= ms) low = middle
      else high = middle - 1
    }
    // What one batch can't take, the slot does in further ones.
    const batches = Math.max(1, Math.floor(ms / batchMs(server, low)))
    done += server.group.slots.length * low * batches
  }
  return done
}

function batchMs({ known, latencyMs }: Server, batch: number): number {
  const ms = known[batch]!
  return ms > 0 ? ms : latencyMs(batch)
}

/** Whether no other slot takes batches of the task. */
export const isAlone = (slot: Slot, task: TaskShape, { groups }: Capacity): boolean =>
  groups.every(({ tasks, slots }) =>
    !tasks.includes(task) || (slots.length === 1 && slots[0] === slot)
  )
