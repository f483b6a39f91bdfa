/**
 * The slots of the pool as the dispatcher sees them: what each holds, what runs on it, when it is
 * free again, and whether it has credit for its next batch.
 *
 * @module
 */
import type { NodeTimes } from '../estimate/node_profile.ts'
import { type Item, unsettle } from './query.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { BatchId, DispatchedItem, ItemOutcome, NodeId, SlotIndex } from '../core/types.ts'
import type { Proof } from './proof.ts'

export interface Batch {
  id: BatchId
  slot: Slot
  variant: VariantShape
  items: Item[]
  dispatchedMs: number
  /** Mean and upper latency alone and warm, and network both ways. */
  meanMs: number
  upperMs: number
  networkMs: number
  /** Nothing is sent to stand behind it. */
  keepsSlot: boolean
  /** When its result is expected. Moves when the batch before it ends early or late. */
  endsAtMs: number
  giveUpAtMs: number
  /** Its slot was loading something when it was sent, or while it was there. */
  besideLoad: boolean
  /** It was all along, so far. */
  allBesideLoad: boolean
  /** All its items are dead or went elsewhere. It holds the slot until heard of, or until here. */
  ghostUntilMs: number | null
  /** Its node failed at it, in all or in some of its items. */
  failed: boolean
}

export interface Cooldown {
  untilMs: number
  /** Failures in a row. */
  failures: number
}

export interface Slot {
  node: PoolNode
  index: SlotIndex
  held: Set<VariantShape>
  /** Names what is held, and that it loads: slots of one key are alike. */
  heldKey: string
  /** Its place in the capacity of the moment; null while it takes no batches. */
  group: Group | null
  /** Variants being loaded: they may delay a batch. */
  loading: Set<VariantShape>
  /** Since when, and what is to be loaded after them, in this order. */
  loadingSinceMs: number
  later: readonly VariantShape[]
  /** What it loads will take the place of what it holds: that may be gone at any moment. */
  replacing: boolean
  /** The one running and at most one waiting behind it. */
  batches: Batch[]
  /** The volunteer's duty keeps it idle until then. */
  restUntilMs: number
  /** When it was last given a batch. */
  usedMs: number
  /** When a batch last ended on it. */
  endedMs: number
  cooldowns: Map<VariantShape, Cooldown>
  /** Where it is listed for its next batch, if it is; and which of its changes is the last. */
  listed: { in: object | null; place: Place }
  stamp: number
}

/** A batch that no query waits for. */
export interface Extra {
  items: DispatchedItem[]
  deadlineMs: number
  /** What another node said of these items: child items are to be encoded alike. */
  like?: ItemOutcome[]
}

/** Why a slot has credit: idle, about to be free, or idle on a node that rests. */
export type Place = 'idle' | 'nearly' | 'resting'

export interface PoolNode {
  id: NodeId
  /** As of the layout. */
  proof: Proof
  /** Names of pipelines that it is given no queries of: see `pool/proof.ts`. */
  keptFrom: ReadonlySet<string>
  /** What its profile says it takes. */
  times: NodeTimes
  slots: Slot[]
  duty: number
  /** What it is able to hold, in the order of all variants; replaced as a whole. */
  able: readonly VariantShape[]
  /** How many of these it may be asked to hold. */
  openCount: number
  memoryBytes: number
  /** Name of its class; null until it was put in one. */
  class: string | null
  paused: boolean
  /** Warm, but the plan does without it: it gets work only when that is needed to be in time. */
  resting: boolean
  batches: number
  items: number
  lastBatchMs: number
}

/** Nodes whose measured profiles are alike; see `pool/classes.ts`. */
export interface NodeClass {
  name: string
  /** Position among the classes of the moment. */
  index: number
  nodes: PoolNode[]
  /** What its nodes are able to hold, and with how much memory a slot. */
  able: readonly VariantShape[]
  memoryBytes: number
  /** Mean of the logarithm of each variant's latency for one item, in the order of `able`; last how far. */
  centre: number[]
}

/** Slots of one class that hold the same variants, and all load or none: for a decision they are alike. */
export interface Group {
  /** Position among the groups of this capacity. */
  index: number
  /** The same from one capacity to the next: its class and what it holds. */
  key: string
  class: NodeClass
  held: ReadonlySet<VariantShape>
  /** Tasks of which it holds a variant, the deepest first. */
  tasks: TaskShape[]
  /** Its slots are loading something beside what they run. */
  loading: boolean
  slots: Slot[]
  /** Sum of the duty of its slots. */
  duty: number
  /** How much slower its nodes are than the reference machine; smaller is faster. */
  meanMs: number
}

/** After what it holds changed, or whether it loads. */
export function renewKey(slot: Slot): void {
  const held = [...slot.held].map(({ index }) => index).sort((a, b) => a - b).join(' ')
  slot.heldKey = slot.loading.size > 0 ? `${held} loading` : held
}

/** Of a batch on this slot as things are: longer beside a load. */
export function meanMsOn(slot: Slot, variant: VariantShape, batch: number): number {
  const { times } = slot.node
  const aloneMs = times.meanMs(variant, batch)
  return slot.loading.size === 0 ? aloneMs : aloneMs * times.loadFactor()
}

/** Likewise what is hardly exceeded. */
export function upperMsOn(slot: Slot, variant: VariantShape, batch: number): number {
  const { times } = slot.node
  const aloneMs = times.upperMs(variant, batch)
  return slot.loading.size === 0 ? aloneMs : aloneMs * times.loadFactor()
}

/** Whether it holds all that it may be asked to: then an item can go any way there. */
export const holdsAll = (slot: Slot) => slot.held.size >= slot.node.openCount

const COOLDOWN_MS = 250
const MAX_COOLDOWN_MS = 30_000

export function createSlot(node: PoolNode, index: SlotIndex): Slot {
  return {
    node,
    index,
    held: new Set(),
    heldKey: '',
    group: null,
    loading: new Set(),
    loadingSinceMs: NaN,
    later: [],
    replacing: false,
    batches: [],
    restUntilMs: 0,
    usedMs: -Infinity,
    endedMs: -Infinity,
    cooldowns: new Map(),
    listed: { in: null, place: 'idle' },
    stamp: 0,
  }
}

/** When the node of this duty may start again after running for `computeMs`. */
export const restMs = ({ duty }: Pick<PoolNode, 'duty'>, computeMs: number): number =>
  computeMs * (1 / duty - 1)

/** When the slot could begin with a batch, as far as is known: while the result before it travels. */
export function readyAtMs(slot: Slot, nowMs: number): number {
  const last = slot.batches[slot.batches.length - 1]
  if (last === undefined) return Math.max(nowMs, slot.restUntilMs)
  // A batch that is overdue says nothing of when it ends: assume as long again as it is late.
  const overdueMs = nowMs - last.endsAtMs
  const heardAtMs = overdueMs > 0 ? nowMs + overdueMs : last.endsAtMs
  return Math.max(nowMs, heardAtMs - last.networkMs / 2) + restMs(slot.node, last.meanMs)
}

/** Later than the upper latency by this much: a timer's and a network's jitter is no straggling. */
const MARGIN_MS = 25
const MARGIN = 0.25

/** From when a batch is later than jitter explains: its node may be gone, and nobody know of it yet. */
export const overdueAtMs = ({ endsAtMs, upperMs, meanMs }: Batch) =>
  endsAtMs + upperMs - meanMs + MARGIN_MS + MARGIN * meanMs

/** How long a slot whose batch was overdue when nobody wanted it gets nothing, unless it is heard of. */
export const SILENT_HOLD_MS = 1000

/** Whether what it runs, or ran for nobody, is later than jitter explains. */
export const isOverdue = ({ batches }: Slot, nowMs: number) =>
  batches.length > 0 && overdueAtMs(batches[0]!) < nowMs

export const isSilent = (batch: Batch, nowMs: number) =>
  batch.slot.batches[0] === batch && !batch.slot.node.resting && overdueAtMs(batch) < nowMs

/** How long a batch that nobody wants holds its slot, unless it is heard of. */
export const heldUntilMs = (batch: Batch, nowMs: number) =>
  overdueAtMs(batch) < nowMs
    ? nowMs + SILENT_HOLD_MS
    : Math.max(nowMs, batch.endsAtMs) + batch.upperMs - batch.meanMs

/** How much later than `readyAtMs` it may become, by the upper latency of what runs. */
export function lateMs(slot: Slot): number {
  const last = slot.batches[slot.batches.length - 1]
  return last === undefined ? 0 : last.upperMs - last.meanMs
}

export const isCoolingDown = (slot: Slot, variant: VariantShape, nowMs: number) =>
  slot.cooldowns.size > 0 && (slot.cooldowns.get(variant)?.untilMs ?? -Infinity) > nowMs

/** After a failure the pair gets nothing for a while, longer each time in a row. */
export function coolDown(slot: Slot, variant: VariantShape, nowMs: number): void {
  const failures = (slot.cooldowns.get(variant)?.failures ?? 0) + 1
  const pauseMs = Math.min(COOLDOWN_MS * 2 ** (failures - 1), MAX_COOLDOWN_MS)
  slot.cooldowns.set(variant, { untilMs: nowMs + pauseMs, failures })
}

/** What is on the slot takes so many times as long from now on: a load began beside it, or ended. */
export function changePace(slot: Slot, times: number, nowMs: number): void {
  let laterMs = 0
  slot.batches.forEach((batch, i) => {
    const ownMs = i === 0 ? Math.max(0, batch.endsAtMs - nowMs) : batch.meanMs
    const moreMs = ownMs * (times - 1)
    laterMs += moreMs
    batch.meanMs += moreMs
    batch.upperMs += moreMs
    batch.endsAtMs += laterMs
    for (const item of batch.items) {
      item.endsAtMs = batch.endsAtMs
      unsettle(item.query)
    }
  })
}

/**
 * Takes a batch off its slot; what is behind it runs that much sooner, or as soon as it is there,
 * unless duty has it wait.
 */
export function takeOff(batch: Batch, nowMs: number): void {
  const { batches } = batch.slot
  const position = batches.indexOf(batch)
  if (position < 0) return
  batches.splice(position, 1)
  let atMs = position === 0 ? nowMs : batches[position - 1]!.endsAtMs
  for (let i = position; i < batches.length; i++) {
    const next = batches[i]!
    atMs = next.endsAtMs = Math.max(atMs, next.dispatchedMs + next.networkMs) + next.meanMs
    for (const item of next.items) {
      item.endsAtMs = atMs
      unsettle(item.query)
    }
  }
}
