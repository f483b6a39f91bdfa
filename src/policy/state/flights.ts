/**
 * Batches in flight: sent, ended, given up, or abandoned. Keeps the list of batches of each slot. The
 * states of a batch are drawn in `node.ts`.
 *
 * @module
 */
import type { Limits } from '../core/options.ts'
import { createSeries } from '../core/table.ts'
import type { Prefix, Shapes, VariantShape } from '../core/graph.ts'
import type { BatchId, DispatchedItem, ItemOutcome, PolicyCommand } from '../core/types.ts'
import type { Profile } from '../estimate/profile.ts'
import { type Booked, Booking, SentItem } from './batch.ts'
import { batch as B, slot as S } from './params.ts'
import type { Item } from './query.ts'
import { call } from './in_use.ts'
import { generates, slowDown } from './rows.ts'
import { type Batch, type Extra } from './node.ts'
import { coolDown, isOverdue, isResting, overdueAtMs } from './slots.ts'
import { type Slot } from './node.ts'
import { restMs, takeOff } from './slots.ts'
import type { Waiting } from './waiting.ts'

/** An item with the choice made for it. */
export interface Member {
  item: Item
  choice: { prefix: Prefix }
}

interface FlightParts {
  shapes: Shapes
  limits: Limits
  profile: Profile
  waiting: Waiting
  emit(command: PolicyCommand): void
  /** The batches of a slot changed. */
  changed(slot: Slot): void
  /** The last attempt of an item failed. */
  exhausted(item: Item, message: string): void
  /** A batch that no query waits for was lost. */
  extraLost?(batch: Batch): void
  /** Whether another node already runs the items of a batch. */
  covered?(batch: Batch): boolean
  /** All queries of a batch are closed: no node's result for it is needed. */
  forgotten?(batch: Batch): void
  sent?(batch: Batch): void
  /** The node failed at a batch, or stopped reporting on it. */
  failed?(batch: Batch): void
}

const isWanted = (item: Item, batch: Batch) => !item.query.closed && item.batch === batch.id

/** Until when an abandoned batch holds its slot if no report on it comes. */
const heldUntilMs = (batch: Batch, nowMs: number) =>
  overdueAtMs(batch) < nowMs
    ? nowMs + S.silentMs
    : Math.max(nowMs, batch.endsAtMs) + batch.upperMs - batch.meanMs

export class Flights {
  readonly batches = createSeries<Batch>()
  /** Items of queries in flight, by variant index. */
  readonly running: number[] = []
  /** Lower bound of the next time that `sweep` has something to do. */
  private sweepAtMs = Infinity
  private readonly booking: Booking

  constructor(private readonly parts: FlightParts) {
    this.booking = new Booking(parts.shapes, parts.profile)
  }

  /** @param alone whether no other node could run it: then the wait is longer before it is given up */
  send(slot: Slot, members: Member[], alone: boolean, nowMs: number): void {
    const { variant } = members[0]!.choice.prefix
    const items: Item[] = []
    const sent: DispatchedItem[] = []
    const tries = members.reduce((most, { item }) => Math.max(most, item.attempts), 0)
    const count = members.length
    const latestMs = members.reduce((most, { item }) => Math.max(most, item.deadlineMs), 0)
    const booked = this.booking.book(
      { slot, variant, items, count, deadlineMs: latestMs, alone, tries },
      nowMs,
    )
    let deadlineMs = Infinity
    for (const { item, choice } of members) {
      items.push(item)
      sent.push(new SentItem(item.query.id, item.payload))
      deadlineMs = Math.min(deadlineMs, item.deadlineMs)
      item.run(booked.batch, choice.prefix)
    }
    this.parts.waiting.removeAll(items)
    this.launch(booked, sent, deadlineMs, undefined, nowMs)
    this.parts.sent?.(booked.batch)
  }

  /** Sends a batch that no query waits for; `end` returns it like any other. */
  sendExtra(slot: Slot, variant: VariantShape, extra: Extra, nowMs: number): Batch {
    const count = extra.items.length
    const booked = this.booking.book(
      { slot, variant, items: [], count, deadlineMs: extra.deadlineMs, alone: false, tries: 0 },
      nowMs,
    )
    this.launch(booked, extra.items, extra.deadlineMs, extra.like, nowMs)
    return booked.batch
  }

  /** -> running. */
  private launch(
    { batch, expectedMs, giveUpMs }: Booked,
    items: DispatchedItem[],
    deadlineMs: number,
    like: ItemOutcome[] | undefined,
    nowMs: number,
  ): void {
    const { slot, variant: { ref, index } } = batch
    const { node } = slot
    this.batches.set(batch.id, batch)
    this.running[index] = (this.running[index] ?? 0) + batch.items.length
    this.sweepAtMs = Math.min(this.sweepAtMs, batch.giveUpAtMs)
    if (isResting(slot)) call(slot, this.parts, nowMs)
    const { size, together } = batch
    if (together > size) {
      const { times } = node
      const { variant } = batch
      slowDown(
        slot,
        times.meanMs(variant, together) / times.meanMs(variant, together - size),
        nowMs,
      )
    }
    slot.batches.push(batch)
    slot.usedMs = node.lastBatchMs = nowMs
    this.parts.changed(slot)
    node.batches++
    node.items += items.length
    const command: Extract<PolicyCommand, { type: 'dispatch' }> = {
      type: 'dispatch',
      batch: batch.id,
      node: node.id,
      slot: slot.index,
      pipeline: ref.pipeline,
      task: ref.task,
      variant: ref.variant,
      items,
      deadlineMs,
      expectedMs,
      giveUpMs,
    }
    if (like !== undefined) command.like = like
    this.parts.emit(command)
  }

  /** -> ended: removed from its slot; undefined if the batch is unknown. */
  end(id: BatchId, nowMs: number): Batch | undefined {
    const batch = this.batches.get(id)
    if (batch === undefined) return undefined
    const { slot, abandonedUntilMs, meanMs, variant: { index } } = batch
    this.batches.delete(id)
    this.running[index]! -= batch.items.length
    // The node's duty includes rest after an abandoned batch too.
    if (abandonedUntilMs !== null) slot.restUntilMs = nowMs + restMs(slot.node.inUse, meanMs)
    takeOff(batch, nowMs)
    this.parts.changed(slot)
    return batch
  }

  /** running -> abandoned: cancels it on its node. A batch behind another ends at once. */
  private cancel(batch: Batch, untilMs: number, nowMs: number): void {
    this.parts.emit({ type: 'cancel_batch', node: batch.slot.node.id, batch: batch.id })
    if (batch.slot.batches[0] !== batch) return void this.end(batch.id, nowMs)
    batch.abandonedUntilMs = untilMs
    this.sweepAtMs = Math.min(this.sweepAtMs, untilMs)
    this.parts.changed(batch.slot)
  }

  /** Abandons a batch whose result is not needed. If it is overdue, the batches behind it are taken back. */
  callOff(batch: Batch, nowMs: number): void {
    const { slot, id, abandonedUntilMs } = batch
    if (this.batches.get(id) !== batch || abandonedUntilMs !== null) return
    const isSilent = slot.batches[0] === batch && !isResting(slot) && overdueAtMs(batch) < nowMs
    if (isSilent) this.takeBack(slot, nowMs)
    this.cancel(batch, heldUntilMs(batch, nowMs), nowMs)
  }

  /** Requeues the items behind a slot's running batch; they had not begun, so no attempt is counted. */
  takeBack(slot: Slot, nowMs: number): void {
    for (const behind of slot.batches.slice(1)) {
      this.cancel(behind, nowMs, nowMs)
      if (behind.items.length === 0) this.parts.extraLost?.(behind)
      for (const item of behind.items) {
        if (!isWanted(item, behind)) continue
        item.attempts--
        this.parts.waiting.add(item, nowMs)
      }
    }
  }

  /** Requeues the items that are still wanted; items without attempts left fail. */
  retry(batch: Batch, message: string, nowMs: number): void {
    if (batch.items.length === 0) return this.parts.extraLost?.(batch)
    if (this.parts.covered?.(batch)) return
    for (const item of batch.items) this.retryItem(item, batch, message, nowMs)
  }

  retryItem(item: Item, batch: Batch, message: string, nowMs: number): void {
    if (!isWanted(item, batch)) return
    const { slot: { node }, variant, dispatchedMs } = batch
    item.failedOn = node.id
    if (batch.failed) {
      item.failures = [...item.failures, { node: node.id, variant, sentMs: dispatchedMs }]
    }
    const { limits, waiting } = this.parts
    const most = limits.maxAttempts * (generates(variant) ? B.attempts : 1)
    if (item.attempts >= most) this.parts.exhausted(item, message)
    else waiting.add(item, nowMs)
  }

  /** The node failed at a batch: its items are requeued or fail. */
  fail(batch: Batch, message: string, nowMs: number): void {
    batch.failed = true
    this.parts.failed?.(batch)
    this.retry(batch, message, nowMs)
  }

  /** The item's query is closed: a batch without wanted items is abandoned. */
  forget(item: Item, nowMs: number): void {
    const batch = item.batch === null ? undefined : this.batches.get(item.batch)
    if (batch === undefined || batch.items.some((other) => isWanted(other, batch))) return
    this.parts.forgotten?.(batch)
    if (batch.abandonedUntilMs !== null) return
    // No result will come, but the time so far is a lower bound of this batch's latency.
    const { slot, variant, items, meanMs } = batch
    if (slot.batches[0] === batch) {
      const ranMs = nowMs - batch.endsAtMs + meanMs
      this.parts.profile.calledOff(slot.node.id, variant, items.length, ranMs)
    }
    this.cancel(batch, heldUntilMs(batch, nowMs), nowMs)
  }

  /** Gives up long overdue batches, and frees slots of abandoned batches without any report. */
  sweep(nowMs: number): void {
    if (this.sweepAtMs > nowMs) return
    for (const batch of this.batches.values()) {
      if (!this.batches.has(batch.id)) continue
      const { abandonedUntilMs, giveUpAtMs } = batch
      if (abandonedUntilMs === null) {
        if (giveUpAtMs <= nowMs) this.giveUp(batch, nowMs)
      } else if (abandonedUntilMs <= nowMs) {
        if (isOverdue(batch.slot, nowMs)) this.parts.failed?.(batch)
        this.end(batch.id, nowMs)
      }
    }
    this.sweepAtMs = this.batches.values().reduce(
      (least, { abandonedUntilMs, giveUpAtMs }) => Math.min(least, abandonedUntilMs ?? giveUpAtMs),
      Infinity,
    )
  }

  /** Lower bound of the next time that `sweep` has something to do. */
  nextSweepMs(): number {
    return this.sweepAtMs
  }

  private giveUp(batch: Batch, nowMs: number): void {
    const { slot, variant, items } = batch
    this.takeBack(slot, nowMs)
    this.cancel(batch, nowMs + S.silentMs, nowMs)
    coolDown(slot, variant, nowMs)
    const ranMs = nowMs - batch.endsAtMs + batch.meanMs
    this.parts.profile.lost(slot.node.id, variant, items.length, ranMs)
    this.fail(batch, 'Cannot wait for a batch any longer', nowMs)
  }
}

export const createFlights = (parts: FlightParts): Flights => new Flights(parts)
