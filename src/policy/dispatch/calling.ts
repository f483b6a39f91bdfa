/**
 * Who is called: nodes that rest, once the awake ones alone would serve an item late or badly; and
 * slots that are not planned for it, once it has waited.
 *
 * @module
 */
import { aheadOf } from '../lookahead/backlog.ts'
import { holdsAll, type Slot } from '../pool/slots.ts'
import { isAnyones, type Item, UNKNOWN } from '../queue/query.ts'
import type { Waiting } from '../queue/waiting.ts'
import type { View } from './choose.ts'
import { awakeFreeAtMs, hasAwake } from './elsewhere.ts'

/** Of what decisions leave alone of its laxity, what a query must keep with the awake nodes alone. */
const KEPT = 0.5
/**
 * While a batch or a result travels nothing is decided anew, and what was foreseen may be off by as much
 * as in the time that is left: so many times the way of all that is to come counts as laxity here.
 */
const UNDER_WAY = 2
/** All of it where these are all busy for such a share of its laxity: then it can but wait for one. */
const BLOCKED = 0.2

/**
 * Whether nodes are to be called that rest: with the awake ones alone an item would be served late,
 * or in a way that costs more than a little accuracy. Before that it may wait.
 */
export function isPressing(item: Item, view: View): boolean {
  const { query, way } = item
  const { nowMs, backlog, tails, keep } = view
  if (!isAnyones(item) || backlog.awakeFactor === Infinity) return true
  const { laxityMs, dueMs, level } = query
  const waitMs = aheadOf(query, backlog) * backlog.awakeFactor
  const wayMs = tails.nearlyBestMs(way, level)
  const awayMs = tails.quickest(way, level)?.awayMs ?? 0
  const keptMs = keep * (laxityMs + UNDER_WAY * awayMs)
  if (nowMs + waitMs + wayMs > dueMs - KEPT * keptMs) return true
  const blockedMs = awakeFreeAtMs(view) - nowMs
  return blockedMs > BLOCKED * laxityMs && nowMs + blockedMs + wayMs > dueMs - keptMs
}

/**
 * Whether one that rests may have to get up: else it would leave all that it is let look at, item by
 * item. Where groups choose among items that is found out by looking.
 *
 * @param most items that it would be let look at
 */
export function isCalled(slot: Slot, waiting: Waiting, view: View, most: number): boolean {
  if (view.capacity.groups.length > 1 || !holdsAll(slot)) return true
  for (const task of slot.group!.tasks) {
    const queue = waiting.of(task)
    if (queue.length > 0 && !hasAwake(task, view)) return true
    let before: Item | undefined
    for (let i = 0; i < most && i < queue.length; i++) {
      const item = queue.at(i)!
      // Siblings stand together, and what holds for one does for the next.
      const isAlike = item.query === before?.query && item.way === before.way &&
        isAnyones(item) === isAnyones(before)
      if (!isAlike && isPressing(item, view)) return true
      before = item
    }
  }
  return false
}

/** Share of its laxity that a query may wait before others are called. */
const PATIENCE = 0.1
/** Share that it must keep with the awake nodes alone. */
const LEFT = 0.3

/**
 * Whether an item is to be helped with by slots that it is not planned for, or that hold only some
 * variants: they may take long for it, so they are not left until the last moment.
 */
export function hasWaited(item: Item, { nowMs, backlog }: View): boolean {
  const { query, queuedAtMs } = item
  if (!isAnyones(item) || backlog.awakeFactor === Infinity) return true
  const { laxityMs, dueMs } = query
  const waitMs = aheadOf(query, backlog) * backlog.awakeFactor
  if (nowMs - queuedAtMs + waitMs > PATIENCE * laxityMs) return true
  const ownMs = (query.rest.epoch === UNKNOWN ? 0 : query.rest.poolMs) * backlog.awakeFactor
  return nowMs + waitMs + ownMs > dueMs - LEFT * laxityMs
}
