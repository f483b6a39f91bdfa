/**
 * The slots of the pool as the dispatcher sees them: what each holds, what runs on it, and when it is
 * free again.
 *
 *     variant on a slot:  absent -> loading -> held -> leaving -> absent   (pool.ts, leaving.ts)
 *                                  |             |
 *                                  |             +-> absent  no batch of it is there
 *                                  +-> absent  the load failed
 *
 *     work of a slot:     idle -> busy -> resting -> idle            (flights.ts: launch, end)
 *                         busy: one batch runs, others are on their way; resting: by its duty
 *
 *     batch:              running -> ended                           (flights.ts: end)
 *                         running -> abandoned -> ended              (flights.ts: cancel)
 *
 * @module
 */
import type { NodeTimes } from '../estimate/node_profile.ts'
import type { InUse, Power } from '../core/elastic.ts'
import { type Item, unsettle } from './query.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { BatchId, DispatchedItem, ItemOutcome, NodeId, PolicyEvent } from '../core/types.ts'
import type { SlotIndex } from '../core/types.ts'
import { pool as P, slot as S } from './params.ts'
import { generates, lastOf, takesMore } from './rows.ts'

/**
 * How much a node has shown since it came, or last failed: nothing; that it works; that it is right
 * for good. An own one need not show anything, nor does anybody where nobody is checked.
 */
export const PROOF = { none: 0, works: 1, right: 2, own: 3 } as const
export type Proof = (typeof PROOF)[keyof typeof PROOF]

export interface Batch {
  id: BatchId
  slot: Slot
  variant: VariantShape
  items: Item[]
  /** Items of it, also where no query waits for them; and of all that it runs with. */
  size: number
  together: number
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
  /** Its slot was loading something while it was there; and all along, so far. */
  besideLoad: boolean
  allBesideLoad: boolean
  /** Abandoned: nobody wants its items. It holds the slot until heard of, or until here. */
  abandonedUntilMs: number | null
  /** Its node failed at it, in all or in some of its items. */
  failed: boolean
}

interface Cooldown {
  untilMs: number
  /** Failures in a row. */
  failures: number
}

export class Slot {
  readonly held = new Set<VariantShape>()
  /** Names what is held, and that it loads: slots of one key are alike. */
  heldKey = ''
  /** Its place in the capacity of the moment; null while it takes no batches. */
  group: Group | null = null
  /** Variants being loaded: they may delay a batch. */
  readonly loading = new Set<VariantShape>()
  /** Since when, and what is to be loaded after them, in this order. */
  loadingSinceMs = NaN
  later: readonly VariantShape[] = []
  /** Held no more, though batches of them are there: unloaded once those are done. */
  readonly leaving = new Set<VariantShape>()
  /** The one that runs, and those behind it. */
  readonly batches: Batch[] = []
  /** The volunteer's duty keeps it idle until then. */
  restUntilMs = 0
  /** When it was last given a batch, and when a batch last ended on it. */
  usedMs = -Infinity
  endedMs = -Infinity
  readonly cooldowns = new Map<VariantShape, Cooldown>()
  /** Where it is listed for its next batch, if it is; and which of its changes is the last: see `ready.ts`. */
  readonly listed: { in: object | null; place: Place } = { in: null, place: 'idle' }
  stamp = 0

  constructor(readonly node: PoolNode, readonly index: SlotIndex) {}
}

/** A batch that no query waits for. */
export interface Extra {
  items: DispatchedItem[]
  deadlineMs: number
  /** What another node said of these items: child items are to be encoded alike. */
  like?: ItemOutcome[]
}

/** Why a slot has credit: idle, about to be free, or idle while the plan does without it. */
export type Place = 'idle' | 'nearly' | 'resting'

type JoinedEvent = Extract<PolicyEvent, { type: 'node_joined' }>

export class PoolNode {
  readonly id: NodeId
  /** As of the layout. */
  proof: Proof
  /** Names of pipelines that it is given no queries of: see `capacity.ts`. */
  keptFrom: ReadonlySet<string> = new Set()
  /** What its profile says it takes. */
  readonly times: NodeTimes
  readonly slots: Slot[] = []
  /** Limit: share of the time that its slots may work, 0..1. */
  duty: number
  /** What of its limits is in use. Of a slot that is not, the node is warm and may be called. */
  inUse: InUse
  /** What it was last told to have in use. */
  told: InUse
  /** See `Elastic`: times as fast with 1, 2, ... threads, as it says. */
  speedups: readonly number[]
  readonly power: Power | undefined
  /** Threads that it joined with: what is learned of its times is as with those. */
  readonly first: number
  /** Nothing is loaded there. */
  cold: boolean
  /** Since when nothing of it is in use; Infinity while anything is. */
  restsSinceMs = Infinity
  /** What it is able to hold, in the order of all variants; replaced as a whole. */
  able: readonly VariantShape[]
  readonly memoryBytes: number
  /** Name of its class; null until it was put in one. */
  class: string | null = null
  paused = false
  batches = 0
  items = 0
  lastBatchMs = -Infinity

  constructor(
    { node, duty, memoryBytes = Infinity, slots, threads = 1, speedups = [], power, cold = false }:
      JoinedEvent,
    able: readonly VariantShape[],
    times: NodeTimes,
    proof: Proof,
  ) {
    this.id = node
    this.duty = soundDuty(duty)
    this.inUse = this.told = { slots, duty: this.duty, threads }
    this.speedups = speedups
    this.power = power
    this.first = threads
    this.cold = cold
    this.able = able
    this.memoryBytes = memoryBytes
    this.times = times
    this.proof = proof
  }
}

/** Nodes whose measured profiles are alike; see `classes.ts`. */
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

/**
 * Slots of one class that hold the same variants, run with as many threads, and all load or none: for a
 * decision they are alike.
 */
export interface Group {
  /** Position among the groups of this capacity. */
  index: number
  /** The same from one capacity to the next: its kind and its threads. */
  key: string
  /** Its class and what it holds. */
  kind: string
  class: NodeClass
  held: ReadonlySet<VariantShape>
  /** Tasks of which it holds a variant, the deepest first. */
  tasks: TaskShape[]
  /** Its slots are loading something beside what they run. */
  loading: boolean
  slots: Slot[]
  /** Slots' worth of time that it has within its nodes' limits, at the speed of now. */
  duty: number
  /** How much slower its nodes are than the reference machine; smaller is faster. */
  meanMs: number
}

/** After what it holds changed, or whether it loads. */
export function renewKey(slot: Slot): void {
  const held = [...slot.held].map(({ index }) => index).sort((a, b) => a - b).join(' ')
  slot.heldKey = slot.loading.size > 0 ? `${held} loading` : held
}

/** Mean latency of a batch on this slot as things are: longer beside a load. */
export const meanMsOn = (
  { loading, node: { times } }: Slot,
  variant: VariantShape,
  batch: number,
) => times.meanMs(variant, batch) * (loading.size === 0 ? 1 : times.loadFactor())

/** Likewise what is hardly exceeded. */
export const upperMsOn = (slot: Slot, variant: VariantShape, batch: number): number =>
  meanMsOn(slot, variant, batch) * slot.node.times.upperTimes(variant)

export const createSlot = (node: PoolNode, index: SlotIndex): Slot => new Slot(node, index)

/** Of what a node said. */
export const soundDuty = (duty: number): number =>
  duty > 0 ? Math.min(Math.max(duty, P.leastDuty), 1) : 1

/** Whether it may only be called: the plan does without it. */
export const isResting = ({ index, node: { inUse } }: Slot): boolean => index >= inUse.slots

/** When a node of this duty may start again after running for `computeMs`. */
export const restMs = ({ duty }: { duty: number }, computeMs: number): number =>
  computeMs * (1 / duty - 1)

/**
 * When the slot could begin with a batch, as far as is known: while the result before it travels.
 *
 * @param task of the batch: what generates may begin beside what runs
 */
export function readyAtMs(slot: Slot, nowMs: number, task?: TaskShape): number {
  const last = lastOf(slot)
  if (last === undefined || task !== undefined && task.generates && takesMore(slot)) {
    return Math.max(nowMs, slot.restUntilMs)
  }
  const lateMs = nowMs - last.endsAtMs
  const heardAtMs = lateMs > 0 ? nowMs + S.later * lateMs : last.endsAtMs
  return Math.max(nowMs, heardAtMs - last.networkMs / 2) + restMs(slot.node.inUse, last.meanMs)
}

/** From when a batch is later than jitter explains: its node may be gone, and nobody know of it yet. */
export const overdueAtMs = ({ endsAtMs, upperMs, meanMs }: Batch) =>
  endsAtMs + upperMs - meanMs + S.marginMs + S.margin * meanMs

/** Whether what it runs, or ran for nobody, is later than jitter explains. */
export const isOverdue = ({ batches }: Slot, nowMs: number) =>
  batches.length > 0 && overdueAtMs(batches[0]!) < nowMs

export const isCoolingDown = (slot: Slot, variant: VariantShape, nowMs: number) =>
  slot.cooldowns.size > 0 && (slot.cooldowns.get(variant)?.untilMs ?? -Infinity) > nowMs

/** After a failure the pair gets nothing for a while, longer each time in a row. */
export function coolDown(slot: Slot, variant: VariantShape, nowMs: number): void {
  const failures = (slot.cooldowns.get(variant)?.failures ?? 0) + 1
  const pauseMs = S.cooldownMs * 2 ** Math.min(failures - 1, 7)
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
  if (generates(batch.variant)) return
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
