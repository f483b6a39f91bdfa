/**
 * How many items a batch takes: what waits for each idle slot, as far as deadlines and the budget
 * allow and as batching gains anything.
 *
 * @module
 */
import { budgetOf } from './backlog.ts'
import { type Choice, type Choices, choose, onewayMs, startsAtMs, type View } from './choose.ts'
import { isInGoodHands } from './help.ts'
import type { Item, Query } from './query.ts'
import type { DeadlineQueue } from './queue.ts'
import type { TaskShape } from './shape.ts'
import { holdsAll, lateMs, type Slot } from './slots.ts'

/** `large`: of those that have the time for a batch of a size that pays; see `large.ts`. */
export type CloseReason =
  | 'large'
  | 'full'
  | 'queue_empty'
  | 'share'
  | 'slack'
  | 'no_gain'
  | 'other_variant'

/** An item of a batch, with the choice made for it. */
export interface Member {
  item: Item
  choice: Choice
}

export interface Filled {
  members: Member[]
  close: CloseReason
}

/** An item more is no gain when it takes nearly as long as those before it did on average. */
export const GAIN = 0.9
/** So long a batch may grow without gain: it saves frames, and hides the network. */
const QUANTUM_MS = 50
/**
 * A large batch that is late makes all its queries late: its spread counts so many times where who is
 * left out can still go a quicker way.
 */
export const SPREADS = 2
/** A large batch has so much of what is kept of its queries' laxity left beyond that. */
export const LARGE_KEPT = 0.5
/** At most this share of the laxity of the most urgent query. */
const QUANTUM_SHARE = 0.3

/**
 * Fills a batch from the queue, beginning with the member at `position`. Takes only items for which
 * the same variant is chosen; nothing is removed from the queue.
 *
 * @param goal up to this size it grows whatever one item more gains
 */
export function fillBatch(
  first: Member,
  position: number,
  queue: DeadlineQueue<Item>,
  slot: Slot,
  view: View,
  maxBatch: number,
  goal = 1,
): Filled {
  const { variant } = first.choice.prefix
  const { task } = first.item
  const returnMs = onewayMs(slot, task)
  const startMs = startsAtMs(slot, returnMs, view.nowMs)
  const late = lateMs(slot)
  // Items of one query that came by one way stand together in the queue, and what is best for one is
  // for all.
  let last: Item | undefined
  let choices: Choices | undefined
  const { times } = slot.node
  const pace = slot.loading.size === 0 ? 1 : times.loadFactor()
  const upperTimes = times.upperTimes(variant)
  let soFarMs = times.meanMs(variant, 1) * pace
  const share = shareOf(task, queue.length, slot, view)
  const quantumMs = quantumMsOf(first.item.query)
  const members = [first]
  const spreads = holdsAll(slot) ? SPREADS : 1
  const helps = !view.targets.isPlanned(task, slot.group!) ||
    (!holdsAll(slot) && view.targets.isAhead(task, slot.group!))
  let budgetMs = budgetOf(first.item.query, view.backlog) - first.choice.extraMs
  const keptMs = goal > 1 ? LARGE_KEPT * view.keep * first.item.query.laxityMs : 0
  let latestMs = first.item.deadlineMs - first.choice.tail.safeChainMs - keptMs
  let skipped = false
  for (let i = position + 1; i < queue.length && i <= position + 2 * maxBatch; i++) {
    const size = members.length + 1
    if (size > maxBatch) return { members, close: 'full' }
    const aloneMs = times.meanMs(variant, size)
    const grownMs = aloneMs * pace
    // Other idle slots may have the rest, unless small batches cost much more of their time.
    const dearer = size > goal && grownMs - soFarMs > GAIN * soFarMs / members.length
    if (size > share && dearer) return { members, close: 'share' }
    if (grownMs > quantumMs && dearer) return { members, close: 'no_gain' }
    const spreadMs = aloneMs * upperTimes * pace - grownMs
    const endMs = startMs + late + grownMs + spreads * spreadMs + returnMs
    if (endMs > latestMs) return { members, close: 'slack' }
    const item = queue.at(i)!
    if (helps && isInGoodHands(item, i, slot, view)) return { members, close: 'share' }
    if (choices === undefined || last!.query !== item.query || last!.way !== item.way) {
      choices = choose(item, slot, view, variant)
    }
    last = item
    if (goal > 1 && !view.targets.isFor(item, variant)) {
      skipped = true
      continue
    }
    const choice: Choice | undefined = choices.best ?? choices.quickest
    if (choice?.prefix.variant !== variant || item.failedOn === slot.node.id) {
      skipped = true
      continue
    }
    const itemLatestMs = item.deadlineMs - choice.tail.safeChainMs - keptMs
    // The quickest that there is here costs what it costs: one by one it would cost more.
    const extraMs = choices.best === undefined ? 0 : choice.extraMs
    if (endMs > itemLatestMs || extraMs > Math.max(0, budgetMs)) {
      return { members, close: 'slack' }
    }
    budgetMs -= extraMs
    latestMs = Math.min(latestMs, itemLatestMs)
    members.push({ item, choice })
    soFarMs = grownMs
  }
  if (members.length >= maxBatch) return { members, close: 'full' }
  return { members, close: skipped ? 'other_variant' : 'queue_empty' }
}

/** So long a batch of such items may grow without gain. */
export const quantumMsOf = ({ laxityMs }: Pick<Query, 'laxityMs'>): number =>
  Math.min(QUANTUM_MS, QUANTUM_SHARE * laxityMs)

/** What of the waiting items falls to this slot: all slots that are idle now take alike. */
export function shareOf(task: TaskShape, waiting: number, slot: Slot, view: View): number {
  let idle = slot.batches.length > 0 ? 1 : 0
  for (const group of view.capacity.groups) {
    if (group === slot.group || view.targets.isPlanned(task, group)) idle += view.idleCount(group)
  }
  return Math.max(1, Math.ceil(waiting / Math.max(1, idle) - 1e-9))
}
