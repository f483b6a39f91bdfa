/**
 * Dispatch: while slots have room and work waits, each waiting item is offered, the most urgent first, to
 * every group of slots, and goes where its value is highest: now, in a batch; or later, then it waits and
 * the group's time is reserved for it.
 *
 * @module
 */
import type { Fits, Limits } from '../options.ts'
import type { Capacity } from '../pool/capacity.ts'
import { creditAtMs } from '../pool/credit.ts'
import type { Ready } from '../pool/ready.ts'
import type { Arrivals } from '../pool/arrivals.ts'
import { type Group, readyAtMs, type Slot } from '../pool/slots.ts'
import type { Item, Query } from '../queue/query.ts'
import type { DeadlineQueue } from '../queue/queue.ts'
import type { Waiting } from '../queue/waiting.ts'
import { leastSloMs, type Shapes, type TaskShape } from '../shape.ts'
import type { PolicyEvent } from '../types.ts'
import { type Batch, delayUntilMs, fillBatch, sizesFor } from './batch.ts'
import { type Cursor, Cursors } from './cursors.ts'
import { dispatch } from './params.ts'
import {
  type Candidate,
  canRun,
  mostOn,
  paceOf,
  serverOf,
  type Sight,
  startOn,
  valueLater,
  valueOn,
  valueOnceLoaded,
} from './value.ts'

export interface AssignParts {
  limits: Pick<Limits, 'maxBatch'>
  shapes: Shapes
  waiting: Waiting
  ready: Ready
  fits: Fits
  /** What slots are loading. */
  arrivals: Pick<Arrivals, 'any' | 'inMs'>
  /** Queries inside. */
  inside(): number
  /** As things stand now. */
  capacity(): Capacity
  sight(): Sight
  /** Whether this node may be given an item that failed before. */
  mayTry(item: Item, slot: Slot): boolean
  /** Whether a batch that takes so long leaves enough slots to pipelines with shorter SLOs. */
  leavesRoom(pipeline: string, ms: number): boolean
  send(slot: Slot, batch: Batch): void
  drop(query: Query): void
}

/** Where work waits though a slot had room, all is looked at again after so long. */
const LOOK_AGAIN_MS = 25
/** Accuracy: of what is worth the same but for this the first is taken. */
const ALIKE = 1e-9

export class Assigner {
  /** Slot ms reserved in this pass, and when the next slot comes free, by index of group. */
  private reservedMs: number[] = []
  private freeMs: number[] = []
  /** Tasks that a group waits with, until more has come. */
  private readonly delayed = new Map<Group, Set<TaskShape>>()

  /** When to look again; and until when not for arrivals alone. */
  private againMs = Infinity
  private quietUntilMs = -Infinity

  constructor(private readonly parts: AssignParts) {}

  /** An arrival alone is no reason to look again at once, where nothing could be sent. */
  heard(type: PolicyEvent['type']): void {
    if (type !== 'query_arrived') this.quietUntilMs = -Infinity
  }

  /** Sends what is best sent now. Returns when to look again at the latest. */
  run(nowMs: number): number {
    const { waiting, ready, shapes } = this.parts
    if (nowMs < this.quietUntilMs) return Math.min(this.againMs, this.quietUntilMs)
    ready.advance(nowMs)
    this.delayed.clear()
    this.quietUntilMs = nowMs + dispatch.quiet * leastSloMs(shapes)
    let againMs = Infinity
    while (waiting.total > 0) {
      const tasks = this.openTasks(nowMs)
      if (tasks.size === 0) break
      const until = this.pass(tasks, this.parts.sight())
      if (until === undefined) break
      againMs = Math.min(againMs, until)
    }
    return this.againMs = waiting.total > 0 ? Math.min(againMs, nowMs + LOOK_AGAIN_MS) : Infinity
  }

  /** Tasks with work that some slot with room could take, and does not wait with. */
  private openTasks(nowMs: number): Set<TaskShape> {
    const { ready, waiting } = this.parts
    const tasks = new Set<TaskShape>()
    for (const group of this.parts.capacity().groups) {
      const slot = ready.peek(group, false, nowMs) ?? ready.peek(group, true, nowMs)
      if (slot === undefined) continue
      for (const task of group.tasks) {
        if (waiting.count(task) > 0 && !this.delayed.get(group)?.has(task)) tasks.add(task)
      }
    }
    return tasks
  }

  /** Undefined where nothing is to be done; else when what waits for more is to be looked at. */
  private pass(tasks: ReadonlySet<TaskShape>, sight: Sight): number | undefined {
    const { waiting, drop } = this.parts
    const { groups } = sight.capacity
    this.reservedMs = groups.map(() => 0)
    this.freeMs = groups.map(() => NaN)
    const cursors = new Cursors(tasks, waiting)
    const againMs = this.offerAll(cursors, sight)
    for (const query of cursors.doomed) drop(query)
    return againMs
  }

  private offerAll(cursors: Cursors, sight: Sight): number | undefined {
    /** The first item that would be left, for a slot that would be idle. */
    let spare: { cursor: Cursor; position: number; best: Candidate } | undefined
    for (let cursor = cursors.next(sight); cursor; cursor = cursors.next(sight)) {
      const { queue, position } = cursor
      const item = queue.at(position)!
      const { now, later } = this.offer(item, cursor, sight)
      if (now !== undefined && this.isHeldBack(item, now, sight)) {
        cursor.position++
        continue
      }
      if (now !== undefined && later === undefined) return this.send(now, cursor, position, sight)
      // What is due before any slot could be done with it is for others.
      const next = now !== undefined ? 0 : queue.dueBy(this.soonestMs(item, cursor.task, sight))
      cursor.position = Math.max(position + 1, next)
      if (later === undefined) continue
      const server = serverOf(later.prefix.variant, later.group, sight)!
      this.reservedMs[later.group.index]! += server.costMs * (cursor.position - position)
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

  /** The best that can be done with an item now, and the best of what is worth more later. */
  private offer(item: Item, { task, queue, position }: Cursor, sight: Sight) {
    let now: Candidate | undefined
    let later: Candidate | undefined
    const busy: Group[] = []
    for (const group of sight.capacity.groups) {
      if (!group.tasks.includes(task)) continue
      const awake = this.slotFor(item, group, false, sight.nowMs)
      if (awake === undefined) busy.push(group)
      const slot = awake ?? this.slotFor(item, group, true, sight.nowMs)
      if (slot === undefined) continue
      const cost = awake === undefined ? dispatch.call : 0
      now = this.bestOn(slot, item, queue, position, sight, cost, now)
    }
    const beat = now === undefined ? -Infinity : now.value + dispatch.leave
    for (const group of busy) later = this.bestLater(group, item, sight, beat, later)
    return { now, later }
  }

  /** The least deadline that any slot with room could keep for items that come the same way. */
  private soonestMs({ way, query }: Item, task: TaskShape, sight: Sight): number {
    const { capacity: { groups }, paths, nowMs } = sight
    let soonest = Infinity
    for (const group of groups) {
      if (!group.tasks.includes(task)) continue
      const slot = this.parts.ready.peek(group, false, nowMs) ??
        this.parts.ready.peek(group, true, nowMs)
      if (slot === undefined) continue
      const { atMs } = startOn(slot, task, nowMs)
      for (const prefix of way.prefixes) {
        if (!canRun(slot, prefix.variant, nowMs)) continue
        const { chainMs } = paths.least(prefix, query.level)
        const meanMs = slot.node.times.meanMs(prefix.variant, 1) * paceOf(slot)
        soonest = Math.min(soonest, atMs + meanMs + chainMs)
      }
    }
    return soonest === Infinity ? nowMs : soonest
  }

  /** A slot of the group with room that may be given the item. */
  private slotFor(item: Item, group: Group, resting: boolean, nowMs: number): Slot | undefined {
    if (this.delayed.get(group)?.has(item.task)) return undefined
    const first = this.parts.ready.peek(group, resting, nowMs)
    if (first === undefined || this.suits(item, first)) return first
    return group.slots.find((slot) =>
      slot.node.resting === resting && creditAtMs(slot, nowMs) <= nowMs && this.suits(item, slot)
    )
  }

  /** Whether the slot's node has the memory for an item, and may try it. */
  private suits(item: Item, slot: Slot): boolean {
    const { mayTry, fits } = this.parts
    return (item.attempts === 0 || mayTry(item, slot)) && fits(item.payload, slot.node.id)
  }

  private bestOn(
    slot: Slot,
    item: Item,
    queue: DeadlineQueue<Item>,
    position: number,
    sight: Sight,
    cost: number,
    before: Candidate | undefined,
  ): Candidate | undefined {
    let best = before
    const group = slot.group!
    const start = startOn(slot, item.task, sight.nowMs)
    const terms = sight.terms(item)
    const idle = this.idleFor(item.task, slot, sight)
    const sizes = sizesFor(queue.length - position, idle, this.parts.limits.maxBatch)
    for (const prefix of item.way.prefixes) {
      if (!group.held.has(prefix.variant)) continue
      let beat = best === undefined ? -Infinity : best.value + ALIKE + cost
      if (mostOn(terms, prefix, sizes[sizes.length - 1]!, slot, start, sight) <= beat) continue
      for (const size of sizes) {
        const choice = valueOn(terms, prefix, size, slot, start, sight, beat)
        if (choice === undefined || choice.chance < dispatch.least) continue
        beat = choice.value + ALIKE
        choice.value -= cost
        best = { ...choice, group, slot, size }
      }
    }
    return best
  }

  private bestLater(
    group: Group,
    item: Item,
    sight: Sight,
    beat: number,
    before: Candidate | undefined,
  ): Candidate | undefined {
    let best = before
    const startMs = this.freeAtMs(group, item, sight.nowMs) +
      this.reservedMs[group.index]! / group.slots.length
    if (startMs === Infinity) return best
    const terms = sight.terms(item)
    for (const prefix of item.way.prefixes) {
      const server = group.held.has(prefix.variant)
        ? serverOf(prefix.variant, group, sight)
        : undefined
      if (server === undefined) continue
      const least = best === undefined ? beat : best.value + ALIKE
      const choice = valueLater(terms, prefix, server, startMs, sight, least)
      if (choice === undefined || choice.chance < dispatch.least) continue
      best = { ...choice, group, slot: undefined, size: 1 }
    }
    return best
  }

  /** When the next slot of the group that is awake comes free. */
  private freeAtMs(group: Group, item: Item, nowMs: number): number {
    // One that has room and is passed over is not for this item.
    const isOwn = this.parts.ready.peek(group, false, nowMs) !== undefined
    const known = this.freeMs[group.index]!
    if (!isOwn && !Number.isNaN(known)) return known
    let atMs = Infinity
    for (const slot of group.slots) {
      if (slot.node.resting || (isOwn && !this.suits(item, slot))) continue
      atMs = Math.min(atMs, readyAtMs(slot, nowMs))
    }
    if (!isOwn) this.freeMs[group.index] = atMs
    return atMs
  }

  /** Slots that share what waits of a task. */
  private idleFor(task: TaskShape, slot: Slot, { capacity: { groups } }: Sight): number {
    let idle = slot.batches.length > 0 ? 1 : 0
    for (const group of groups) {
      if (group.tasks.includes(task)) idle += this.parts.ready.idleCount(group)
    }
    return Math.max(1, idle)
  }

  private send(best: Candidate, cursor: Cursor, position: number, sight: Sight): number {
    const { waiting, limits } = this.parts
    const slot = best.slot!
    const { queue, task } = cursor
    const suits = (item: Item) => this.suits(item, slot)
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
    let tasks = this.delayed.get(best.group)
    if (tasks === undefined) this.delayed.set(best.group, tasks = new Set())
    tasks.add(task)
    return waits
  }
}
