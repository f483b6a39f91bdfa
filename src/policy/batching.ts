/**
 * How many items a batch takes: its share of what waits, as far as deadlines and the budget allow
 * and as batching gains anything.
 *
 * @module
 */
import { type Choice, choose, timesOf, type View } from './choose.ts'
import type { Item } from './query.ts'
import type { DeadlineQueue } from './queue.ts'
import type { Slot } from './slots.ts'

export type CloseReason = 'full' | 'queue_empty' | 'share' | 'slack' | 'no_gain' | 'other_variant'

/** An item of a batch, with the choice made for it. */
export interface Member {
  item: Item
  choice: Choice
}

/** An item more is no gain when it takes nearly as long as it would alone. */
const GAIN = 0.85
/** So long a batch may grow without gain: it saves frames, and hides the network. */
const QUANTUM_MS = 50

/**
 * Fills a batch from the queue, beginning with the member at `position`. Takes only items for which
 * the same variant is chosen; nothing is removed from the queue.
 */
export function fillBatch(
  first: Member,
  position: number,
  queue: DeadlineQueue<Item>,
  slot: Slot,
  view: View,
  maxBatch: number,
): { members: Member[]; close: CloseReason } {
  const { variant } = first.choice.prefix
  const { startMs, returnMs } = timesOf(first.item, slot, view)
  const latencyOf = (batch: number) => view.profile.latency(slot.node.id, variant, batch)
  const share = shareOf(queue.length, first.choice, slot, view)
  const aloneMs = latencyOf(1).meanMs
  const members = [first]
  let budgetMs = view.backlog.budgetMs(first.item.query) - first.choice.extraMs
  let latestMs = first.item.deadlineMs - first.choice.tail.safeChainMs
  let skipped = false
  for (let i = position + 1; i < queue.length && i <= position + 2 * maxBatch; i++) {
    const size = members.length + 1
    if (size > maxBatch) return { members, close: 'full' }
    if (size > share) return { members, close: 'share' }
    const now = latencyOf(members.length)
    const grown = latencyOf(size)
    if (grown.meanMs > QUANTUM_MS && grown.meanMs - now.meanMs > GAIN * aloneMs) {
      return { members, close: 'no_gain' }
    }
    const endMs = startMs + grown.upperMs + returnMs
    if (endMs > latestMs) return { members, close: 'slack' }
    const item = queue.at(i)!
    const { best, quickest } = choose(item, slot, view)
    const choice = best ?? quickest
    if (choice?.prefix.variant !== variant || item.failedOn === slot.node.id) {
      skipped = true
      continue
    }
    const itemLatestMs = item.deadlineMs - choice.tail.safeChainMs
    if (endMs > itemLatestMs || choice.extraMs > Math.max(0, budgetMs)) {
      return { members, close: 'slack' }
    }
    budgetMs -= choice.extraMs
    latestMs = Math.min(latestMs, itemLatestMs)
    members.push({ item, choice })
  }
  if (members.length >= maxBatch) return { members, close: 'full' }
  return { members, close: skipped ? 'other_variant' : 'queue_empty' }
}

/** What of the waiting items falls to this slot by its part of the pool's speed; 1 at least. */
function shareOf(waiting: number, choice: Choice, slot: Slot, view: View): number {
  const service = view.capacity.services[choice.prefix.variant.index]
  if (service === undefined) return 1
  const part = slot.node.duty / Math.max(choice.meanMs, 0.01) / service.ratePerMs
  return Math.max(1, Math.ceil(waiting * part - 1e-9))
}
