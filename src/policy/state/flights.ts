/**
 * Batches under way: sent, ended, given up for lost, or no longer wanted. Keeps each slot's account
 * of what runs on it.
 *
 * @module
 */
import type { Limits } from '../core/options.ts'
import {
  type Batch,
  coolDown,
  type Extra,
  heldUntilMs,
  isOverdue,
  isSilent,
  restMs,
  SILENT_HOLD_MS,
  type Slot,
  takeOff,
} from './slots.ts'
import type { Profile } from '../estimate/profile.ts'
import type { Item } from './query.ts'
import type { Waiting } from './waiting.ts'
import { createSeries } from '../core/series.ts'
import type { Prefix, Shapes, VariantShape } from '../core/graph.ts'
import type { Table } from '../core/table.ts'
import type { BatchId, DispatchedItem, ItemOutcome, PolicyCommand } from '../core/types.ts'
import { type Booked, createBooking } from './booking.ts'
import { SentItem } from './sent.ts'

/** An item with the choice made for it. */
export interface Member {
  item: Item
  choice: { prefix: Prefix }
}

export interface FlightParts {
  shapes: Shapes
  limits: Limits
  profile: Profile
  waiting: Waiting
  emit(command: PolicyCommand): void
  /** What runs on the slot changed. */
  changed(slot: Slot): void
  /** Its last attempt failed. */
  exhausted(item: Item, message: string): void
  /** A batch that no query waits for came to nothing. */
  extraLost?(batch: Batch): void
  /** Another node is at its items already. */
  covered?(batch: Batch): boolean
  /** Nobody wants its items any more, whoever is at them. */
  forgotten?(batch: Batch): void
  sent?(batch: Batch): void
  /** Its node failed at it, or did not speak of it any more. */
  failed?(batch: Batch): void
}

export interface Flights {
  batches: Pick<Table<BatchId, Batch>, 'get' | 'values'>
  /** Items of queries under way, by index of the variant. */
  running: readonly number[]
  /** @param alone no other slot could do it: it is waited for until the guess may be called wrong */
  send(slot: Slot, members: Member[], alone: boolean, nowMs: number): void
  /** A batch that no query waits for by itself: `end` gives it back like any other. */
  sendExtra(slot: Slot, variant: VariantShape, extra: Extra, nowMs: number): Batch
  /**
   * Nobody wants its result any more: its node is told, its slot is busy until that is heard of. Where
   * that is overdue, what waits behind it goes elsewhere.
   */
  callOff(batch: Batch, nowMs: number): void
  /** What waits behind the batch that a slot runs goes elsewhere. */
  takeBack(slot: Slot, nowMs: number): void
  /** Takes the batch off its slot and the books; undefined when it is not known (any more). */
  end(id: BatchId, nowMs: number): Batch | undefined
  /** Its items that are still wanted go back into their queues, or run out of attempts. */
  retry(batch: Batch, message: string, nowMs: number): void
  /** Likewise, and it is its node that came to nothing with it. */
  fail(batch: Batch, message: string, nowMs: number): void
  retryItem(item: Item, batch: Batch, message: string, nowMs: number): void
  /** The item's query is closed: a batch with nothing left to want is cancelled. */
  forget(item: Item, nowMs: number): void
  /** Gives up what is long overdue, and frees slots of cancelled batches never heard of again. */
  sweep(nowMs: number): void
  /** When `sweep` has something to do, at the earliest. */
  nextSweepMs(): number
}

/** A batch that nobody waits for any more is known to be slow when overdue by this share: more than chance. */
const OVERDUE = 0.3

export function createFlights(parts: FlightParts): Flights {
  const { shapes, limits, profile, waiting, emit } = parts
  const batches = createSeries<Batch>()
  const running: number[] = []
  /** No later than the first time that `sweep` has something to do. */
  let sweepAtMs = Infinity

  const book = createBooking(shapes, profile)

  function count({ variant: { index } }: Batch, items: number): void {
    running[index] = (running[index] ?? 0) + items
  }

  function launch(
    { batch, expectedMs, giveUpMs }: Booked,
    items: DispatchedItem[],
    deadlineMs: number,
    like: ItemOutcome[] | undefined,
    nowMs: number,
  ): void {
    const { slot, variant } = batch
    const { node } = slot
    batches.set(batch.id, batch)
    count(batch, batch.items.length)
    sweepAtMs = Math.min(sweepAtMs, batch.giveUpAtMs)
    slot.batches.push(batch)
    slot.usedMs = nowMs
    parts.changed(slot)
    node.batches++
    node.items += items.length
    node.lastBatchMs = nowMs
    const { pipeline, task, variant: name } = variant.ref
    const command: Extract<PolicyCommand, { type: 'dispatch' }> = {
      type: 'dispatch',
      batch: batch.id,
      node: node.id,
      slot: slot.index,
      pipeline,
      task,
      variant: name,
      items,
      deadlineMs,
      expectedMs,
      giveUpMs,
    }
    if (like !== undefined) command.like = like
    emit(command)
  }

  function send(slot: Slot, members: Member[], alone: boolean, nowMs: number): void {
    const { variant } = members[0]!.choice.prefix
    const items: Item[] = []
    const sent: DispatchedItem[] = []
    let tries = 0
    for (const { item } of members) tries = Math.max(tries, item.attempts)
    const booked = book(slot, variant, items, members.length, alone, tries, nowMs)
    let deadlineMs = Infinity
    for (const { item, choice } of members) {
      items.push(item)
      sent.push(new SentItem(item.query.id, item.payload))
      deadlineMs = Math.min(deadlineMs, item.deadlineMs)
      item.state = 'running'
      item.attempts++
      item.batch = booked.batch.id
      item.bound = choice.prefix
      item.endsAtMs = booked.batch.endsAtMs
    }
    waiting.removeAll(items)
    launch(booked, sent, deadlineMs, undefined, nowMs)
    parts.sent?.(booked.batch)
  }

  const isWanted = (item: Item, batch: Batch) => !item.query.closed && item.batch === batch.id

  function retryItem(item: Item, batch: Batch, message: string, nowMs: number): void {
    if (!isWanted(item, batch)) return
    const { slot: { node }, variant, dispatchedMs } = batch
    item.failedOn = node.id
    if (batch.failed) {
      item.failures = [...item.failures, { node: node.id, variant, sentMs: dispatchedMs }]
    }
    if (item.attempts >= limits.maxAttempts) parts.exhausted(item, message)
    else waiting.add(item, nowMs)
  }

  function retry(batch: Batch, message: string, nowMs: number): void {
    if (batch.items.length === 0) return parts.extraLost?.(batch)
    if (parts.covered?.(batch)) return
    for (const item of batch.items) retryItem(item, batch, message, nowMs)
  }

  function fail(batch: Batch, message: string, nowMs: number): void {
    batch.failed = true
    parts.failed?.(batch)
    retry(batch, message, nowMs)
  }

  function end(id: BatchId, nowMs: number): Batch | undefined {
    const batch = batches.get(id)
    if (batch === undefined) return undefined
    batches.delete(id)
    count(batch, -batch.items.length)
    const { slot, ghostUntilMs, meanMs } = batch
    // The volunteer's duty has it rest after what nobody wants, too.
    if (ghostUntilMs !== null) slot.restUntilMs = nowMs + restMs(slot.node, meanMs)
    takeOff(batch, nowMs)
    parts.changed(slot)
    return batch
  }

  /** Tells the node, and keeps the slot's account of a batch that runs until it must have ended. */
  function cancel(batch: Batch, untilMs: number, nowMs: number): void {
    emit({ type: 'cancel_batch', node: batch.slot.node.id, batch: batch.id })
    if (batch.slot.batches[0] === batch) {
      batch.ghostUntilMs = untilMs
      sweepAtMs = Math.min(sweepAtMs, untilMs)
      parts.changed(batch.slot)
    } else end(batch.id, nowMs)
  }

  /** It has not begun, so this was no attempt of its own. */
  function takeBack(slot: Slot, nowMs: number): void {
    for (const behind of slot.batches.slice(1)) {
      cancel(behind, nowMs, nowMs)
      if (behind.items.length === 0) parts.extraLost?.(behind)
      for (const item of behind.items) {
        if (!isWanted(item, behind)) continue
        item.attempts--
        waiting.add(item, nowMs)
      }
    }
  }

  function giveUp(batch: Batch, nowMs: number): void {
    const { slot, variant } = batch
    takeBack(slot, nowMs)
    cancel(batch, nowMs + SILENT_HOLD_MS, nowMs)
    coolDown(slot, variant, nowMs)
    const ranMs = nowMs - batch.endsAtMs + batch.meanMs
    profile.lost(slot.node.id, variant, batch.items.length, ranMs)
    fail(batch, 'Cannot wait for a batch any longer', nowMs)
  }

  return {
    batches,
    running,
    send,
    sendExtra(slot, variant, { items, deadlineMs, like }, nowMs) {
      const booked = book(slot, variant, [], items.length, false, 0, nowMs)
      launch(booked, items, deadlineMs, like, nowMs)
      return booked.batch
    },
    takeBack,
    callOff(batch, nowMs) {
      if (batches.get(batch.id) !== batch || batch.ghostUntilMs !== null) return
      if (isSilent(batch, nowMs)) takeBack(batch.slot, nowMs)
      cancel(batch, heldUntilMs(batch, nowMs), nowMs)
    },
    end,
    retry,
    fail,
    retryItem,
    forget(item, nowMs) {
      const batch = item.batch === null ? undefined : batches.get(item.batch)
      if (batch === undefined || batch.items.some((other) => isWanted(other, batch))) return
      parts.forgotten?.(batch)
      if (batch.ghostUntilMs !== null) return
      // Nobody will hear how slow this is, but that it takes at least so long is known now.
      const overdueMs = nowMs - batch.endsAtMs
      if (overdueMs > OVERDUE * batch.meanMs && batch.slot.batches[0] === batch) {
        const { slot, variant, items, meanMs } = batch
        profile.lost(slot.node.id, variant, items.length, meanMs + overdueMs)
      }
      cancel(batch, heldUntilMs(batch, nowMs), nowMs)
    },
    sweep(nowMs) {
      if (sweepAtMs > nowMs) return
      for (const batch of [...batches.values()]) {
        if (!batches.has(batch.id)) continue
        if (batch.ghostUntilMs !== null) {
          if (batch.ghostUntilMs > nowMs) continue
          if (isOverdue(batch.slot, nowMs)) parts.failed?.(batch)
          end(batch.id, nowMs)
        } else if (batch.giveUpAtMs <= nowMs) giveUp(batch, nowMs)
      }
      sweepAtMs = Infinity
      for (const { ghostUntilMs, giveUpAtMs } of batches.values()) {
        sweepAtMs = Math.min(sweepAtMs, ghostUntilMs ?? giveUpAtMs)
      }
    },
    nextSweepMs: () => sweepAtMs,
  }
}
