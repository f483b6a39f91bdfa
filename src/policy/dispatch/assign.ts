/**
 * Dispatch: while slots have room and work waits, each waiting item is offered, the most urgent first, to
 * every group of slots, and goes where its value is highest: now, in a batch; or later, then it waits and
 * the group's time is reserved for it (`offers.ts`).
 *
 * @module
 */
import type { Capacity } from '../state/capacity.ts'
import type { Arrivals } from '../state/arrivals.ts'
import type { Slot } from '../state/slots.ts'
import type { Item, Query } from '../state/query.ts'
import type { Waiting } from '../state/waiting.ts'
import { leastSloMs, type Shapes, type TaskShape } from '../core/graph.ts'
import type { PolicyEvent } from '../core/types.ts'
import { type Batch, delayUntilMs, fillBatch } from './batch.ts'
import { type Cursor, Cursors } from './cursors.ts'
import { type OfferParts, Offers } from './offers.ts'
import { dispatch } from './params.ts'
import { type Candidate, serverOf, type Sight, valueOnceLoaded } from './value.ts'

export interface AssignParts extends OfferParts {
  shapes: Shapes
  waiting: Waiting
  /** What slots are loading. */
  arrivals: Pick<Arrivals, 'any' | 'inMs'>
  /** Queries inside. */
  inside(): number
  /** As things stand now. */
  capacity(): Capacity
  sight(): Sight
  /** Whether a batch that takes so long leaves enough slots to pipelines with shorter SLOs. */
  leavesRoom(pipeline: string, ms: number): boolean
  send(slot: Slot, batch: Batch): void
  drop(query: Query): void
}

/** Where work waits though a slot had room, all is looked at again after so long. */
const LOOK_AGAIN_MS = 25

export class Assigner {
  private readonly offers: Offers
  /** When to look again; and until when not for arrivals alone. */
  private againMs = Infinity
  private quietUntilMs = -Infinity

  constructor(private readonly parts: AssignParts) {
    this.offers = new Offers(parts)
  }

  /** An arrival alone is no reason to look again at once, where nothing could be sent. */
  heard(type: PolicyEvent['type']): void {
    if (type !== 'query_arrived') this.quietUntilMs = -Infinity
  }

  /** Sends what is best sent now. Returns when to look again at the latest. */
  run(nowMs: number): number {
    const { waiting, ready, shapes } = this.parts
    if (nowMs < this.quietUntilMs) return Math.min(this.againMs, this.quietUntilMs)
    ready.advance(nowMs)
    this.offers.begin()
    let againMs = Infinity
    while (waiting.total > 0) {
      const tasks = this.openTasks(nowMs)
      if (tasks.size === 0) break
      const until = this.pass(tasks, this.parts.sight())
      if (until === undefined) break
      againMs = Math.min(againMs, until)
    }
    const waits = waiting.total > 0
    this.quietUntilMs = waits ? nowMs + dispatch.quiet * leastSloMs(shapes) : -Infinity
    return this.againMs = waits ? Math.min(againMs, nowMs + LOOK_AGAIN_MS) : Infinity
  }

  /** Tasks with work that some slot with room could take, and does not wait with. */
  private openTasks(nowMs: number): Set<TaskShape> {
    const { ready, waiting } = this.parts
    const tasks = new Set<TaskShape>()
    for (const group of this.parts.capacity().groups) {
      const slot = ready.peek(group, false, nowMs) ?? ready.peek(group, true, nowMs)
      if (slot === undefined) continue
      for (const task of group.tasks) {
        if (waiting.count(task) > 0 && !this.offers.waitsWith(group, task)) tasks.add(task)
      }
    }
    return tasks
  }

  /** Undefined where nothing is to be done; else when what waits for more is to be looked at. */
  private pass(tasks: ReadonlySet<TaskShape>, sight: Sight): number | undefined {
    const { waiting, drop } = this.parts
    this.offers.beginPass(sight)
    const doomed = new Set<Query>()
    // Queries that will be late have only the slots that no other query wants.
    const againMs = this.offerAll(new Cursors(tasks, waiting, doomed, false), sight) ??
      this.offerAll(new Cursors(tasks, waiting, doomed, true), sight)
    for (const query of doomed) drop(query)
    return againMs
  }

  private offerAll(cursors: Cursors, sight: Sight): number | undefined {
    /** The first item that would be left, for a slot that would be idle. */
    let spare: { cursor: Cursor; position: number; best: Candidate } | undefined
    for (let cursor = cursors.next(sight); cursor; cursor = cursors.next(sight)) {
      const { queue, position } = cursor
      const item = queue.at(position)!
      const { now, later } = this.offers.offer(item, cursor, sight)
      if (now !== undefined && this.isHeldBack(item, now, sight)) {
        cursor.position++
        continue
      }
      if (now !== undefined && later === undefined) return this.send(now, cursor, position, sight)
      // What is due before any slot could be done with it is for others.
      const next = now !== undefined
        ? 0
        : queue.dueBy(this.offers.soonestMs(item, cursor.task, sight))
      cursor.position = Math.max(position + 1, next)
      if (later === undefined) continue
      const server = serverOf(later.prefix.variant, later.group, sight)!
      this.offers.reserve(later.group, server.costMs * (cursor.position - position))
      if (now === undefined || spare !== undefined || now.slot!.batches.length > 0) continue
      const forgiven = dispatch.idle * sight.prices[now.group.index]! *
        serverOf(now.prefix.variant, now.group, sight)!.costMs
      if (now.value + forgiven < later.value) continue
      spare = { cursor, position, best: now }
    }
    return spare === undefined
      ? undefined
      : this.send(spare.best, spare.cursor, spare.position, sight)
  }

  /** Whether waiting for a variant that is being loaded, and that no slot has, is worth more. */
  private isHeldBack(item: Item, now: Candidate, sight: Sight): boolean {
    const { arrivals, inside } = this.parts
    if (!arrivals.any) return false
    return item.way.prefixes.some((prefix) => {
      if (sight.capacity.services[prefix.variant.index] !== undefined) return false
      const inMs = arrivals.inMs(prefix.variant, sight.nowMs)
      if (inMs === Infinity) return false
      const value = valueOnceLoaded(sight.terms(item), prefix, now.slot!, inMs, inside(), sight)
      return value > now.value + dispatch.leave
    })
  }

  private send(best: Candidate, cursor: Cursor, position: number, sight: Sight): number {
    const { waiting, limits } = this.parts
    const slot = best.slot!
    const { queue, task } = cursor
    const suits = (item: Item) => this.offers.suits(item, slot)
    const batch = fillBatch(best, queue, position, slot, suits, sight, limits.maxBatch)
    const { items } = batch
    const takesMs = slot.node.times.meanMs(best.prefix.variant, items.length)
    const delayMs = delayUntilMs(batch, slot, queue.length, waiting.total > queue.length, sight)
    const waits = delayMs ?? (this.parts.leavesRoom(task.pipeline.name, takesMs) ? 0 : Infinity)
    if (waits === 0) {
      this.quietUntilMs = -Infinity
      this.parts.send(slot, batch)
      return Infinity
    }
    this.offers.waitWith(best.group, task)
    return waits
  }
}
