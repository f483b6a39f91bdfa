/**
 * Records of nodes and slots that the dispatcher reads: the variants a slot holds, the batches on it, and
 * when it is free again.
 *
 *     variant on a slot:  absent -> loading -> held -> leaving -> absent   (pool.ts, leaving.ts)
 *                                  |             |
 *                                  |             +-> absent  no batch of it is on the slot
 *                                  +-> absent  the load failed
 *
 *     work of a slot:     idle -> busy -> resting -> idle            (flights.ts: launch, end)
 *                         busy: one batch runs, others are on their way; resting: by the node's duty
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
 * What a node has shown since it joined, or last failed: nothing; that it works; that its results stay
 * right. A node of the coordinator's own need not show anything, nor does any node where results are not
 * checked.
 */
export const PROOF = { none: 0, works: 1, right: 2, own: 3 } as const
export type Proof = (typeof PROOF)[keyof typeof PROOF]

export interface Batch {
  id: BatchId
  slot: Slot
  variant: VariantShape
  items: Item[]
  /** Number of its items, also without waiting queries; and items running together on the slot. */
  size: number
  together: number
  dispatchedMs: number
  /** Mean and upper latency, alone and warm; network both directions. */
  meanMs: number
  upperMs: number
  networkMs: number
  /** Whether no batch may queue behind it. */
  keepsSlot: boolean
  /** When its result is expected. Changes when the batch before it ends early or late. */
  endsAtMs: number
  giveUpAtMs: number
  /** Whether its slot was loading during some of its time; during all of its time so far. */
  besideLoad: boolean
  allBesideLoad: boolean
  /** Abandoned: no query needs its items. It holds the slot until a report on it, or until this time. */
  abandonedUntilMs: number | null
  /** Its node failed at all or some of its items. */
  failed: boolean
}

interface Cooldown {
  untilMs: number
  /** Failures in a row. */
  failures: number
}

export class Slot {
  readonly held = new Set<VariantShape>()
  /** Indices of the held variants, with "loading" during a load: slots of equal key are alike. */
  heldKey = ''
  /** Its group in the current capacity; null while it takes no batches. */
  group: Group | null = null
  /** Variants it is to hold, in loading order. */
  wanted: readonly VariantShape[] = []
  /** The variant being loaded, which slows batches; since when; the variants to load after it, in order. */
  loading: VariantShape | null = null
  loadingSinceMs = NaN
  later: readonly VariantShape[] = []
  /** Failed loads: times in a row, and when the next may begin. */
  readonly failures = new Map<VariantShape, { count: number; retryAtMs: number }>()
  /** Released variants with batches still on the slot: unloaded once those are done. */
  readonly leaving = new Set<VariantShape>()
  /** The running batch, and those behind it. */
  readonly batches: Batch[] = []
  /** The node's duty keeps the slot idle until then. */
  restUntilMs = 0
  /** When a batch was last sent to it, and when one last ended on it. */
  usedMs = -Infinity
  endedMs = -Infinity
  readonly cooldowns = new Map<VariantShape, Cooldown>()
  /** Where it is listed for its next batch; and the number of its last change: see `ready.ts`. */
  readonly listed: { in: object | null; place: Place } = { in: null, place: 'idle' }
  stamp = 0

  constructor(readonly node: PoolNode, readonly index: SlotIndex) {}
}

/** A batch that no query waits for. */
export interface Extra {
  items: DispatchedItem[]
  deadlineMs: number
  /** Outcomes of another node for these items: child items are encoded in the same way. */
  like?: ItemOutcome[]
}

/** Why a slot has credit: idle, nearly free, or idle and not in use by the plan. */
export type Place = 'idle' | 'nearly' | 'resting'

/**
 * Whether a node is always loaded, or only while needed:
 *
 *     cold -> coming -> warm -> cold
 *        recruited  all loaded  released after a long rest
 */
export type Presence = 'always' | 'cold' | 'coming' | 'warm'

/** Machine of the coordinator's own nodes; no node id is empty. */
const OWN_MACHINE = ''

type JoinedEvent = Extract<PolicyEvent, { type: 'node_joined' }>

export class PoolNode {
  readonly id: NodeId
  /** As of the last layout. */
  proof: Proof
  /** Names of the pipelines whose queries it is not given: see `capacity.ts`. */
  keptFrom: ReadonlySet<string> = new Set()
  /** Latencies by its profile. */
  readonly times: NodeTimes
  readonly slots: Slot[] = []
  /** Limit: share of time that its slots may work, 0 to 1. */
  duty: number
  /** Use within its limits. A slot not in use stays loaded and may be called. */
  inUse: InUse
  /** Use that the last `scale` command requested. */
  requested: InUse
  /** See `Elastic`: speed with 1, 2, ... threads, relative to one thread, as the node reports. */
  speedups: readonly number[]
  readonly power: Power | undefined
  /** Threads that it joined with: learned times are for these. */
  readonly first: number
  /** Machine id: nodes of one machine share its processors; own nodes run beside the coordinator. */
  readonly machine: string
  presence: Presence
  recruitedMs = -Infinity
  /** Since when no slot of it is in use; Infinity while one is. */
  restsSinceMs = Infinity
  /** Variants it is able to hold, in the order of all variants; replaced as a whole. */
  able: readonly VariantShape[] = []
  /** Bytes of each able variant in a slot; and bytes that a slot has for all of them. */
  bytesOf: ReadonlyMap<VariantShape, number> = new Map()
  readonly memoryBytes: number
  /** Open variants it is able to hold, in loading order; and whether a slot can hold all of them. */
  order: readonly VariantShape[] = []
  fitsAll = true
  /** Whether a slot may briefly hold one variant more than fits, while one replaces another. */
  readonly swapRoom: boolean
  /** Name of its class; null until it has one. */
  class: string | null = null
  paused = false
  batches = 0
  items = 0
  lastBatchMs = -Infinity

  constructor(event: JoinedEvent, times: NodeTimes, proof: Proof) {
    const { node, slots, duty, threads = 1 } = event
    this.id = node
    this.duty = soundDuty(duty)
    this.inUse = this.requested = { slots, duty: this.duty, threads }
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

/** Whether nothing is loaded there. */
export const isCold = ({ presence }: PoolNode): boolean => presence === 'cold'

/** Nodes whose measured profiles are alike; see `classes.ts`. */
export interface NodeClass {
  name: string
  /** Position among the current classes. */
  index: number
  nodes: PoolNode[]
  /** Variants its nodes are able to hold, and the memory of one of their slots. */
  able: readonly VariantShape[]
  memoryBytes: number
  /** Means of the traits of `classes.ts`: log latency of one item in the order of `able`, then network. */
  centre: number[]
}

/**
 * Slots of one class with the same variants and threads, and either all loading or none: decisions treat
 * them alike.
 */
export interface Group {
  /** Position among the groups of this capacity. */
  index: number
  /** Stable from one capacity to the next: kind and threads. */
  key: string
  /** Its class and its variants. */
  kind: string
  class: NodeClass
  held: ReadonlySet<VariantShape>
  /** Tasks of which it holds a variant, deepest first. */
  tasks: TaskShape[]
  /** Whether its slots load a variant while they run batches. */
  loading: boolean
  slots: Slot[]
  /** Slots' worth of time within its nodes' limits, at their current speed. */
  duty: number
  /** Slowness of its nodes relative to the reference machine; smaller is faster. */
  meanMs: number
}

/** A reported duty, within its bounds. */
export const soundDuty = (duty: number): number =>
  duty > 0 ? Math.min(Math.max(duty, P.leastDuty), 1) : 1

/** Variants that a node lists, with the bytes of each; variants unknown to this pool are left out. */
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
