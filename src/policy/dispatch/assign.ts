/**
 * Dispatch. While slots have room and items wait, each waiting item, earliest deadline first, is offered
 * to every group of slots and goes to the choice of highest value. If that is a slot with room, the item
 * is sent in a batch; if it is a busy group, the item waits and that group's time is reserved for it
 * (`offers.ts`).
 *
 * @module
 */
import type { Capacity } from '../state/capacity.ts'
import type { Arrivals } from '../state/arrivals.ts'
import { mostItems } from '../state/rows.ts'
import type { Slot } from '../state/node.ts'
import type { Item, Query } from '../state/query.ts'
import type { Waiting } from '../state/waiting.ts'
import type { TaskShape } from '../core/graph.ts'
import { type Batch, delayUntilMs, fillBatch } from './batch.ts'
import { type Cursor, Cursors } from './cursors.ts'
import { type OfferParts, Offers } from './offers.ts'
import { dispatch } from './params.ts'
import { type Candidate, type DispatchContext, serverOf, valueOnceLoaded } from './value.ts'

export interface AssignParts extends OfferParts {
  waiting: Waiting
  /** Variants that slots are loading. */
  arrivals: Pick<Arrivals, 'count' | 'inMs'>
  /** Number of queries inside. */
  inside(): number
  capacity(): Capacity
  context(): DispatchContext
  /** Whether a batch of `ms` leaves enough slots to pipelines with shorter SLOs. */
  leavesRoom(pipeline: string, ms: number): boolean
  send(slot: Slot, batch: Batch): void
  drop(query: Query): void
}

export class Assigner {
  private readonly offers: Offers
  private look = 0

  constructor(private readonly parts: AssignParts) {
    this.offers = new Offers(parts)
  }

  /** Sends the batches that are best sent now. Returns the latest time of the next run. */
  run(nowMs: number): number {
    const { waiting, ready } = this.parts
    ready.advance(nowMs)
    this.offers.begin()
    this.look++
    let againMs = nowMs + dispatch.againMs
    while (waiting.total > 0) {
      const tasks = this.openTasks(nowMs)
      if (tasks.size === 0) break
      const until = this.pass(tasks, this.parts.context(), nowMs - dispatch.againMs)
      if (until === undefined) break
      againMs = Math.min(againMs, until)
    }
    return waiting.total > 0 ? againMs : Infinity
  }

  /**
   * Tasks with waiting items that some slot with room could take, except those its group holds back for a
   * larger batch. The value is the run in which a slot last got room for the task.
   */
  private openTasks(nowMs: number): Map<TaskShape, number> {
    const { waiting, ready } = this.parts
    const tasks = new Map<TaskShape, number>()
    for (const group of this.parts.capacity().groups) {
      const since = ready.roomSince(group, this.look, nowMs)
      if (since === undefined) continue
      for (const task of group.tasks) {
        if (waiting.count(task) === 0 || this.offers.waitsWith(group, task)) continue
        tasks.set(task, Math.max(since, tasks.get(task) ?? since))
      }
    }
    return tasks
  }

  /** One pass over the queues. Returns when a delayed batch is due, undefined when nothing could be sent. */
  private pass(
    tasks: ReadonlyMap<TaskShape, number>,
    context: DispatchContext,
    againMs: number,
  ): number | undefined {
    const { waiting, drop } = this.parts
    this.offers.beginPass(context)
    const doomed = new Set<Query>()
    // Queries that will be late get only the slots that no other query wants.
    const { slotCount } = context.capacity
    const waitMs =
      this.offerAll(new Cursors(tasks, waiting, doomed, false, slotCount), context, againMs) ??
        this.offerAll(new Cursors(tasks, waiting, doomed, true, slotCount), context, againMs)
    for (const query of doomed) drop(query)
    return waitMs
  }

  /** @param againMs items left at or before this time are offered again */
  private offerAll(
    cursors: Cursors,
    context: DispatchContext,
    againMs: number,
  ): number | undefined {
    /** The first item whose best choice is a busy group although an idle slot would take it now. */
    let spare: { cursor: Cursor; position: number; best: Candidate } | undefined
    for (let cursor = cursors.next(context); cursor; cursor = cursors.next(context)) {
      const { queue, position } = cursor
      const item = queue.at(position)!
      const known = item.left
      if (known !== null && known.look >= cursor.since && known.atMs > againMs) {
        cursors.pass(cursor, known.dueMs)
        this.offers.reserve(known.group, known.costMs * (cursor.position - position))
        continue
      }
      const { now, later } = this.offers.offer(item, cursor, context)
      if (now !== undefined) cursor.looked++
      if (now !== undefined && this.isHeldBack(item, now, context)) {
        cursors.pass(cursor)
        continue
      }
      if (now !== undefined && later === undefined) return this.send(now, cursor, position, context)
      const dueMs = now === undefined ? this.tooLateMs(cursor, context) : -Infinity
      cursors.pass(cursor, dueMs)
      const costMs = later === undefined
        ? 0
        : serverOf(later.prefix.variant, later.group, context)!.costMs
      const group = later?.group.index ?? 0
      this.offers.reserve(group, costMs * (cursor.position - position))
      if (now !== undefined && isForIdle(item, now, later!, context)) {
        spare ??= { cursor, position, best: now }
      } else item.left = { atMs: context.nowMs, look: this.look, group, costMs, dueMs }
    }
    return spare === undefined
      ? undefined
      : this.send(spare.best, spare.cursor, spare.position, context)
  }

  /**
   * Latest deadline of the queued items that, like the item at the cursor, are too late for every slot with
   * room. Of similar items, an earlier deadline never has a better chance, so a binary search finds the last.
   */
  private tooLateMs({ task, queue, position }: Cursor, context: DispatchContext): number {
    const isTooLate = (position: number) =>
      this.offers.offer(queue.at(position)!, { task, queue, position }, context).now === undefined
    let late = position
    let step = 1
    while (late + step < queue.length && isTooLate(late + step)) {
      late += step
      step *= 2
    }
    let inTime = Math.min(late + step, queue.length)
    while (inTime - late > 1) {
      const middle = (late + inTime) >> 1
      if (isTooLate(middle)) late = middle
      else inTime = middle
    }
    return queue.at(late)!.deadlineMs
  }

  /** Whether waiting for a variant that is being loaded, and that no slot holds yet, is worth more. */
  private isHeldBack(item: Item, now: Candidate, context: DispatchContext): boolean {
    const { arrivals, inside } = this.parts
    if (arrivals.count === 0) return false
    return item.way.prefixes.some((prefix) => {
      if (context.capacity.services[prefix.variant.index] !== undefined) return false
      const inMs = arrivals.inMs(prefix.variant, context.nowMs)
      if (inMs === Infinity) return false
      const value = valueOnceLoaded(context.terms(item), prefix, now.slot!, inMs, inside(), context)
      return value > now.value + dispatch.leave
    })
  }

  private send(
    best: Candidate,
    cursor: Cursor,
    position: number,
    context: DispatchContext,
  ): number {
    const { waiting, limits } = this.parts
    const slot = best.slot!
    const { queue, task } = cursor
    const suits = (item: Item) => this.offers.suits(item, slot)
    const most = mostItems(task, limits.maxBatch)
    const batch = fillBatch(best, queue, position, slot, suits, context, most)
    const { items } = batch
    const takesMs = slot.node.times.meanMs(best.prefix.variant, items.length)
    const delayMs = delayUntilMs(batch, slot, queue.length, waiting.total > queue.length, context)
    const waits = delayMs ?? (this.parts.leavesRoom(task.pipeline.name, takesMs) ? 0 : Infinity)
    if (waits === 0) {
      this.parts.send(slot, batch)
      return Infinity
    }
    this.offers.waitWith(best.group, task)
    return waits
  }
}

/** Whether an idle slot takes an item now although a later choice is worth more. */
function isForIdle(
  { query }: Item,
  now: Candidate,
  later: Candidate,
  context: DispatchContext,
): boolean {
  if (now.slot!.batches.length > 0) return false
  const { costMs } = serverOf(now.prefix.variant, now.group, context)!
  const price = query.share * context.prices[now.group.index]!
  return now.value + dispatch.idle * price * costMs >= later.value
}
