/**
 * How many items a batch takes: what waits for each idle slot, as far as deadlines and the budget
 * allow and as batching gains anything.
 *
 * @module
 */
import { budgetOf } from '../lookahead/backlog.ts'
import { holdsAll, lateMs, type Slot } from '../pool/slots.ts'
import type { Item } from '../queue/query.ts'
import type { DeadlineQueue } from '../queue/queue.ts'
import type { TaskShape } from '../shape.ts'
import { type Choice, type Choices, choose, onewayMs, startsAtMs, type View } from './choose.ts'
import { GAIN, isLongEnough, type Lengths, lengthsOf } from './growth.ts'
import { isHelping, isInGoodHands } from './help.ts'

/**
 * `large`: of those that have the time for a batch of a size that pays; see `dispatch/large.ts`. `slack`: its
 * own items have no time for more; `budget`: others have none to spare for more of this variant.
 */
export type CloseReason =
  | 'large'
  | 'full'
  | 'queue_empty'
  | 'share'
  | 'slack'
  | 'budget'
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

/** A batch that is late makes all its queries late: what the spread of its latency counts. */
export const SPREADS = 2
/**
 * One that others could share leaves so much of what decisions leave alone of its queries' laxity: what
 * a large batch saves of slots that have nothing to do is of use to nobody.
 */
const SHARED_KEPT = 0.5
/** A large batch has so much of what is kept of its queries' laxity left beyond that. */
export const LARGE_KEPT = 0.5

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
  const model = times.modelOf(variant)
  const oneMs = times.meanMs(variant, 1) * pace
  let soFarMs = oneMs
  const share = shareOf(task, queue.length, slot, view)
  // What falls to each of those that are alike, and would begin as soon.
  const even = holdsAll(slot) ? partOf(queue.length, view.creditCount(slot.group!)) : Infinity
  const sharedMs = SHARED_KEPT * view.keep * first.item.query.laxityMs
  // Most batches end before it matters.
  let lengths: Lengths | undefined
  const members = [first]
  const helps = !view.targets.isPlanned(task, slot.group!) || isHelping(task, slot, view)
  let budgetMs = budgetOf(first.item.query, view.backlog) - first.choice.extraMs
  const keptMs = goal > 1 ? LARGE_KEPT * view.keep * first.item.query.laxityMs : 0
  let latestMs = first.item.deadlineMs - first.choice.tail.safeChainMs - keptMs
  let skipped = false
  for (let i = position + 1; i < queue.length && i <= position + 2 * maxBatch; i++) {
    const size = members.length + 1
    if (size > maxBatch) return { members, close: 'full' }
    const aloneMs = model === undefined ? times.meanMs(variant, size) : model.meanMs(size)
    const grownMs = aloneMs * pace
    // What it takes beside the average of those before it.
    const growth = (grownMs - soFarMs) * members.length / soFarMs
    const dearer = size > goal && growth > GAIN
    // Other idle slots may have the rest, unless small batches cost much more of their time.
    if (size > share && dearer) return { members, close: 'share' }
    const isTrial = view.stands && model !== undefined && size <= model.trialSize
    const likelyMs = isTrial ? model.hopedMs(size) * pace : grownMs
    const upperMs = isTrial ? likelyMs * upperTimes : aloneMs * upperTimes * pace
    const safeMs = likelyMs + SPREADS * (upperMs - likelyMs)
    if (dearer) {
      lengths ??= lengthsOf(first.item.query, variant, slot, view)
      if (isLongEnough(growth, likelyMs, safeMs, lengths, isTrial)) {
        return { members, close: 'no_gain' }
      }
    }
    const endMs = startMs + late + safeMs + returnMs
    if (size > even && endMs > latestMs - sharedMs) {
      // If a batch more for the rest takes nothing from others.
      const moreMs = slot.group!.price * (oneMs - (grownMs - soFarMs))
      if (moreMs < budgetMs) return { members, close: 'share' }
    }
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
    const isMember = choice?.prefix.variant === variant && item.failedOn !== slot.node.id &&
      view.fits(item.payload, slot.node.id)
    if (!isMember) {
      skipped = true
      continue
    }
    const itemLatestMs = item.deadlineMs - choice.tail.safeChainMs - keptMs
    // The quickest that there is here costs what it costs: one by one it would cost more.
    const extraMs = choices.best === undefined ? 0 : choice.extraMs
    if (endMs > itemLatestMs) return { members, close: 'slack' }
    if (extraMs > Math.max(0, budgetMs)) return { members, close: 'budget' }
    budgetMs -= extraMs
    latestMs = Math.min(latestMs, itemLatestMs)
    members.push({ item, choice })
    soFarMs = grownMs
  }
  if (members.length >= maxBatch) return { members, close: 'full' }
  return { members, close: skipped ? 'other_variant' : 'queue_empty' }
}

/** What of the waiting items falls to this slot: all slots that are idle now take alike. */
export function shareOf(task: TaskShape, waiting: number, slot: Slot, view: View): number {
  let idle = slot.batches.length > 0 ? 1 : 0
  for (const group of view.capacity.groups) {
    if (group === slot.group || view.targets.isPlanned(task, group)) idle += view.idleCount(group)
  }
  return partOf(waiting, idle)
}

const partOf = (waiting: number, slots: number) =>
  Math.max(1, Math.ceil(waiting / Math.max(1, slots) - 1e-9))
