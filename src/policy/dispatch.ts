/**
 * Dispatch: slot, variant and batch in one decision, made when a slot has credit; or leave an item
 * to a better slot; or drop a query that nothing can serve in time.
 *
 * @module
 */
import { scanBacklog } from './backlog.ts'
import { type CloseReason, fillBatch, type Member } from './batching.ts'
import type { Capacity } from './capacity.ts'
import { choose, elsewhere, isSlowerThanWaiting, type View } from './choose.ts'
import type { Frontier } from './frontier.ts'
import type { Limits } from './options.ts'
import type { Profile } from './profile.ts'
import type { Item, Query } from './query.ts'
import { byUrgency, type DeadlineQueue } from './queue.ts'
import type { TaskShape } from './shape.ts'
import { creditAtMs, type PoolNode, readyAtMs, type Slot } from './slots.ts'
import type { Waiting } from './waiting.ts'

export interface DispatchParts {
  limits: Limits
  profile: Profile
  waiting: Waiting
  queries: DeadlineQueue<Query>
  /** Of this moment. */
  capacity(nowMs: number): { capacity: Capacity; frontier: Frontier }
  send(slot: Slot, members: Member[], close: CloseReason, nowMs: number): void
  drop(query: Query, nowMs: number): void
}

/** Items that one decision may leave to other slots before it gives up for now. */
const MAX_LEFT = 8

/** Gives batches to all slots with credit. True when a slot went without though work waits. */
export function dispatchAll(parts: DispatchParts, nowMs: number): boolean {
  let declined = false
  // A slot takes two batches at most, so few rounds are needed; the bound is for the reader.
  for (let round = 0; round < 3 && parts.waiting.total > 0; round++) {
    let sent = false
    const fruitless = new Set<PoolNode>()
    for (const slot of slotsWithCredit(parts.capacity(nowMs).capacity.slots, nowMs)) {
      if (parts.waiting.total === 0) return false
      const idle = slot.batches.length === 0
      if (idle && fruitless.has(slot.node)) continue
      if (decide(slot, parts, nowMs)) sent = true
      else {
        declined = true
        if (idle) fruitless.add(slot.node)
      }
    }
    if (!sent) break
  }
  return declined
}

/** Idle slots first, the quickest nodes first; then those about to be free, the soonest first. */
function slotsWithCredit(slots: readonly Slot[], nowMs: number): Slot[] {
  const ready = slots.filter((slot) => creditAtMs(slot, nowMs) <= nowMs)
  const busy = ready.filter((slot) => slot.batches.length > 0)
  busy.sort((a, b) => readyAtMs(a, nowMs) - readyAtMs(b, nowMs))
  return [...ready.filter((slot) => slot.batches.length === 0), ...busy]
}

/** One decision. False when the slot gets nothing. */
function decide(slot: Slot, parts: DispatchParts, nowMs: number): boolean {
  const { limits, profile, waiting, queries } = parts
  const { capacity, frontier } = parts.capacity(nowMs)
  const scan = () => scanBacklog(queries, capacity, frontier, limits.maxScan, nowMs)
  const view: View = { nowMs, capacity, frontier, profile, backlog: scan() }
  const cursors = new Map<TaskShape, number>()
  for (let left = 0; left < MAX_LEFT;) {
    const item = mostUrgent(slot, waiting, cursors)
    if (item === undefined) return false
    const verdict = judge(item, slot, view, waiting)
    if (verdict === 'drop') {
      parts.drop(item.query, nowMs)
      view.backlog = scan()
      continue
    }
    const position = cursors.get(item.task) ?? 0
    if (verdict === 'leave') {
      cursors.set(item.task, position + 1)
      left++
      continue
    }
    const queue = waiting.queues.get(item.task)!
    const { members, close } = fillBatch(verdict, position, queue, slot, view, limits.maxBatch)
    parts.send(slot, members, close, nowMs)
    return true
  }
  return false
}

/** The earliest deadline over all queues that the slot can serve; deeper tasks first, then older. */
function mostUrgent(
  slot: Slot,
  waiting: Waiting,
  cursors: ReadonlyMap<TaskShape, number>,
): Item | undefined {
  let found: Item | undefined
  for (const [task, queue] of waiting.queues) {
    const item = queue.at(cursors.get(task) ?? 0)
    if (item === undefined || !task.variants.some((variant) => slot.held.has(variant))) continue
    const order = found === undefined
      ? -1
      : item.deadlineMs - found.deadlineMs || found.task.depth - task.depth ||
        byUrgency(item, found)
    if (order < 0) found = item
  }
  return found
}

function judge(item: Item, slot: Slot, view: View, waiting: Waiting): Member | 'leave' | 'drop' {
  const { deadlineMs } = item
  const { best, quickest } = choose(item, slot, view)
  const choice = best ?? quickest
  // Nothing here may serve it. Where something may elsewhere, time decides; else it waits for a
  // node that can: only its deadline ends it.
  if (choice === undefined) return 'leave'
  if (best === undefined && choice.safeEndMs > deadlineMs) {
    const other = elsewhere(item, slot, view)
    if (other === 'safe') return 'leave'
    if (choice.endMs > deadlineMs) return other === 'possible' ? 'leave' : 'drop'
  }
  if (item.failedOn === slot.node.id && elsewhere(item, slot, view) === 'safe') return 'leave'
  if (isSlowerThanWaiting(choice, waiting.count(item.task), slot, view)) {
    if (elsewhere(item, slot, view) === 'safe') return 'leave'
  }
  return { item, choice }
}
