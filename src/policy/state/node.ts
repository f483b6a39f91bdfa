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
import type { Item } from './query.ts'
import type { Shapes, TaskShape, VariantShape } from '../core/graph.ts'
import type { BatchId, DispatchedItem, ItemOutcome, NodeId, PolicyEvent } from '../core/types.ts'
import type { SlotIndex } from '../core/types.ts'
import { pool as P } from './params.ts'

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
  /** What it is to hold, in the order of loading. */
  wanted: readonly VariantShape[] = []
  /** The variant being loaded, which slows batches; since when; and what follows it, in this order. */
  loading: VariantShape | null = null
  loadingSinceMs = NaN
  later: readonly VariantShape[] = []
  /** Loads that failed: times in a row, and when the next may begin. */
  readonly failures = new Map<VariantShape, { count: number; retryAtMs: number }>()
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

/**
 * Whether a node is there from the start for good, or is loaded only while it is needed:
 *
 *     cold -> coming -> warm -> cold
 *        recruited  all loaded  released after a long rest
 */
export type Presence = 'always' | 'cold' | 'coming' | 'warm'

/** No node is called so. */
const OWN_MACHINE = ''

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
  /** Nodes of one machine share its processors: own nodes run where the coordinator does. */
  readonly machine: string
  presence: Presence
  /** When it was last recruited. */
  recruitedMs = -Infinity
  /** Since when nothing of it is in use; Infinity while anything is. */
  restsSinceMs = Infinity
  /** What it is able to hold, in the order of all variants; replaced as a whole. */
  able: readonly VariantShape[] = []
  /** Bytes that each of these takes in a slot, and that a slot has for all of them. */
  bytesOf: ReadonlyMap<VariantShape, number> = new Map()
  readonly memoryBytes: number
  /** What is open of what it is able to hold, in the order of loading; and whether a slot can hold all. */
  order: readonly VariantShape[] = []
  fitsAll = true
  /** A slot may hold one variant more while it takes another's place. */
  readonly swapRoom: boolean
  /** Name of its class; null until it was put in one. */
  class: string | null = null
  paused = false
  batches = 0
  items = 0
  lastBatchMs = -Infinity

  constructor(event: JoinedEvent, times: NodeTimes, proof: Proof) {
    const { node, slots, duty, threads = 1 } = event
    this.id = node
    this.duty = soundDuty(duty)
    this.inUse = this.told = { slots, duty: this.duty, threads }
    this.speedups = event.speedups ?? []
    this.power = event.power
    this.first = threads
    this.machine = event.own === true ? OWN_MACHINE : node
    this.presence = event.cold === true ? 'cold' : 'always'
    this.memoryBytes = event.memoryBytes ?? Infinity
    this.swapRoom = event.swapRoom ?? false
    this.times = times
    this.proof = proof
  }
}

/** Nothing is loaded there. */
export const isCold = ({ presence }: PoolNode): boolean => presence === 'cold'

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

/** Of what a node said. */
export const soundDuty = (duty: number): number =>
  duty > 0 ? Math.min(Math.max(duty, P.leastDuty), 1) : 1

/** Variants that a node lists, with the bytes that each takes; those of other pools are left out. */
export function bytesListed(
  shapes: Pick<Shapes, 'find'>,
  listed: JoinedEvent['able'],
): Map<VariantShape, number> {
  const bytes = new Map<VariantShape, number>()
  for (const { memoryBytes = 0, ...ref } of listed) {
    const variant = shapes.find(ref)
    if (variant !== undefined) bytes.set(variant, memoryBytes)
  }
  return bytes
}
