/**
 * Offers of one item: in a batch of some size on a slot with room now, or on a slot that comes free
 * later, in any group.
 *
 * @module
 */
import type { Fits, Limits } from '../core/options.ts'
import { creditAtMs } from '../state/credit.ts'
import { mostItems } from '../state/rows.ts'
import type { Ready } from '../state/ready.ts'
import { type Group, type Slot } from '../state/node.ts'
import { isResting, readyAtMs } from '../state/slots.ts'
import type { Item } from '../state/query.ts'
import type { DeadlineQueue } from '../state/queue.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import { isTooLong, sizesFor } from './batch.ts'
import type { Cursor } from './cursors.ts'
import { dispatch } from './params.ts'
import {
  type Candidate,
  type DispatchContext,
  mostOn,
  serverOf,
  startOn,
  valueLater,
  valueOn,
} from './value.ts'

export interface OfferParts {
  limits: Pick<Limits, 'maxBatch'>
  ready: Ready
  fits: Fits
  /** Whether the slot's node may be given an item that failed before. */
  mayTry(item: Item, slot: Slot): boolean
  /** Whether results for the item with this variant could be confirmed. */
  isConfirmable(item: Item, variant: VariantShape): boolean
}

/** Accuracy: a later choice replaces an earlier one only if it is worth more than this in addition. */
const ALIKE = 1e-9

export class Offers {
  /** By group index: slot ms reserved in this pass; when the group's next slot comes free. */
  private reservedMs: number[] = []
  private freeMs: number[] = []
  /** Tasks for which a group waits until more items have come. */
  private readonly delayed = new Map<Group, Set<TaskShape>>()

  constructor(private readonly parts: OfferParts) {}

  begin(): void {
    this.delayed.clear()
  }

  beginPass({ capacity: { groups } }: DispatchContext): void {
    this.reservedMs = groups.map(() => 0)
    this.freeMs = groups.map(() => NaN)
  }

  waitWith(group: Group, task: TaskShape): void {
    let tasks = this.delayed.get(group)
    if (tasks === undefined) this.delayed.set(group, tasks = new Set())
    tasks.add(task)
  }

  waitsWith(group: Group, task: TaskShape): boolean {
    return this.delayed.get(group)?.has(task) ?? false
  }

  /** Reserves slot time for an item that is left to the group of this index. */
  reserve(group: number, slotMs: number): void {
    this.reservedMs[group]! += slotMs
  }

  /** The best choice for an item now, and the best later choice that is worth more. */
  offer(
    item: Item,
    { task, queue, position }: Pick<Cursor, 'task' | 'queue' | 'position'>,
    context: DispatchContext,
  ) {
    let now: Candidate | undefined
    let later: Candidate | undefined
    const busy: Group[] = []
    for (const group of context.capacity.groups) {
      if (!group.tasks.includes(task)) continue
      const awake = this.slotFor(item, group, false, context.nowMs)
      if (awake === undefined) busy.push(group)
      const slot = awake ?? this.slotFor(item, group, true, context.nowMs)
      if (slot === undefined) continue
      const cost = awake === undefined ? dispatch.call : 0
      now = this.bestOn(slot, item, queue, position, context, cost, now)
    }
    const beat = now === undefined ? -Infinity : now.value + dispatch.leave
    for (const group of busy) later = this.bestLater(group, item, context, beat, later)
    return { now, later }
  }

  /** A slot of the group with room that may be given the item; `resting` selects resting slots. */
  private slotFor(item: Item, group: Group, resting: boolean, nowMs: number): Slot | undefined {
    if (this.waitsWith(group, item.task)) return undefined
    const first = this.parts.ready.peek(group, resting, nowMs)
    if (first === undefined || this.suits(item, first)) return first
    return group.slots.find((slot) =>
      isResting(slot) === resting && creditAtMs(slot, nowMs) <= nowMs && this.suits(item, slot)
    )
  }

  /** Whether the slot's node has the memory for an item, and may be given it. */
  suits(item: Item, slot: Slot): boolean {
    const { mayTry, fits } = this.parts
    return (item.attempts === 0 || mayTry(item, slot)) && fits(item.payload, slot.node.id)
  }

  private isServed(variant: VariantShape, group: Group, item: Item): boolean {
    return group.held.has(variant) && this.parts.isConfirmable(item, variant)
  }

  private bestOn(
    slot: Slot,
    item: Item,
    queue: DeadlineQueue<Item>,
    position: number,
    context: DispatchContext,
    cost: number,
    before: Candidate | undefined,
  ): Candidate | undefined {
    let best = before
    const group = slot.group!
    const start = startOn(slot, item.task, context.nowMs)
    const terms = context.terms(item)
    const idle = this.idleFor(item.task, slot, context)
    const most = mostItems(item.task, this.parts.limits.maxBatch)
    const sizes = sizesFor(queue.length - position, idle, most)
    for (const prefix of item.way.prefixes) {
      if (!this.isServed(prefix.variant, group, item)) continue
      let beat = best === undefined ? -Infinity : best.value + ALIKE
      if (mostOn(terms, prefix, sizes[sizes.length - 1]!, slot, start, context) <= beat) continue
      for (const size of sizes) {
        if (isTooLong(item, prefix.variant, size, slot, context)) break
        // The items of a batch share the cost of calling a resting slot.
        const called = cost / size
        const choice = valueOn(terms, prefix, size, slot, start, context, beat + called)
        if (choice === undefined || choice.chance < dispatch.least) continue
        choice.value -= called
        beat = choice.value + ALIKE
        best = { ...choice, group, slot, size }
      }
    }
    return best
  }

  private bestLater(
    group: Group,
    item: Item,
    context: DispatchContext,
    beat: number,
    before: Candidate | undefined,
  ): Candidate | undefined {
    let best = before
    const startMs = this.freeAtMs(group, item, context.nowMs) +
      this.reservedMs[group.index]! / group.slots.length
    if (startMs === Infinity) return best
    const terms = context.terms(item)
    for (const prefix of item.way.prefixes) {
      const server = this.isServed(prefix.variant, group, item)
        ? serverOf(prefix.variant, group, context)
        : undefined
      if (server === undefined) continue
      const least = best === undefined ? beat : best.value + ALIKE
      const choice = valueLater(terms, prefix, server, startMs, context, least)
      if (choice === undefined || choice.chance < dispatch.least) continue
      best = { ...choice, group, slot: undefined, size: 1 }
    }
    return best
  }

  /** When the group's next slot that is not resting comes free. */
  private freeAtMs(group: Group, item: Item, nowMs: number): number {
    // A slot that has room and was passed over does not suit this item.
    const isOwn = this.parts.ready.peek(group, false, nowMs) !== undefined
    const known = this.freeMs[group.index]!
    if (!isOwn && !Number.isNaN(known)) return known
    let atMs = Infinity
    for (const slot of group.slots) {
      if (isResting(slot) || (isOwn && !this.suits(item, slot))) continue
      atMs = Math.min(atMs, readyAtMs(slot, nowMs))
    }
    if (!isOwn) this.freeMs[group.index] = atMs
    return atMs
  }

  /** Number of slots that share the waiting items of a task. */
  private idleFor(task: TaskShape, slot: Slot, { capacity: { groups } }: DispatchContext): number {
    let idle = slot.batches.length > 0 ? 1 : 0
    for (const group of groups) {
      if (group.tasks.includes(task)) idle += this.parts.ready.idleCount(group)
    }
    return Math.max(1, idle)
  }
}
