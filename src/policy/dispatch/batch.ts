/**
 * How many items a batch takes, which ones, and whether it should wait for more.
 *
 * @module
 */
import type { CloseReason } from '../state/stats.ts'
import type { Slot } from '../state/node.ts'
import type { Item } from '../state/query.ts'
import type { DeadlineQueue } from '../state/queue.ts'
import type { Prefix, VariantShape } from '../core/graph.ts'
import { dispatch } from './params.ts'
import { price } from '../price/params.ts'
import {
  type Candidate,
  type Choice,
  type DispatchContext,
  paceOf,
  serverOf,
  startOn,
  valueOn,
} from './value.ts'

export interface Batch {
  items: Item[]
  prefixes: Prefix[]
  variant: VariantShape
  close: CloseReason
}

/** Batch sizes to choose from, ascending: the share of an idle slot, and repeated halves of it. */
export function sizesFor(waiting: number, idle: number, maxBatch: number): number[] {
  const share = Math.min(maxBatch, Math.max(1, Math.ceil(waiting / idle - 1e-9)))
  const sizes: number[] = []
  for (let n = share; n >= 1; n >>= 1) sizes.unshift(n)
  return sizes
}

/**
 * Whether a batch of this size, of queries with time to spare (share below 1), would keep later queries
 * waiting too long.
 */
export const isTooLong = (
  { query }: Item,
  variant: VariantShape,
  size: number,
  { node }: Slot,
  { briefMs }: DispatchContext,
): boolean => query.share < 1 && size > 1 && node.times.meanMs(variant, size) > briefMs

/**
 * Items from `position` on for which the same choice is best. The batch grows past the size of that choice
 * while one more item costs less here than elsewhere.
 */
export function fillBatch(
  best: Candidate,
  queue: DeadlineQueue<Item>,
  position: number,
  slot: Slot,
  suits: (item: Item) => boolean,
  context: DispatchContext,
  maxBatch: number,
): Batch {
  const { variant } = best.prefix
  const first = queue.at(position)!
  const start = startOn(slot, first.task, context.nowMs)
  const terms = context.terms(first)
  const pace = paceOf(slot)
  const { times } = slot.node
  const model = times.modelOf(variant)
  const isTrial = (n: number) => context.isBehind && model !== undefined && n <= model.trialSize
  const meanMs = (n: number) =>
    (isTrial(n) ? model!.hopedMs(n) * times.threadsFactor : times.meanMs(variant, n)) * pace
  const unitMs = serverOf(variant, slot.group!, context)?.costMs ?? meanMs(1)
  const group = slot.group!.index
  const priceMs = Math.max(context.prices[group]! + terms.slotRisk[group]!, 1e-7)
  const batch: Batch = { items: [first], prefixes: [best.prefix], variant, close: 'queue_empty' }
  const { items, prefixes } = batch
  let queries = 1
  let { chance } = best
  let last = first
  let own: Choice | undefined = best
  for (let i = position + 1; i < queue.length && i < position + 2 * maxBatch; i++) {
    const n = items.length + 1
    if (n > maxBatch || isTooLong(first, variant, n, slot, context)) {
      batch.close = 'full'
      break
    }
    const item = queue.at(i)!
    const isSibling = item.query === last.query && item.way === last.way
    if (n > best.size) {
      const soFarMs = meanMs(n - 1)
      const moreMs = meanMs(n) - soFarMs
      // Elsewhere, the item would start a batch like this one or join one of usual size.
      const elseMs = Math.max(unitMs, soFarMs / (n - 1))
      const next = isTrial(n)
        ? chance
        : valueOn(terms, best.prefix, n, slot, start, context)?.chance ?? 0
      const risk = (queries + (isSibling ? 0 : 1)) * price.served * Math.max(0, chance - next)
      if (priceMs * (dispatch.growth * elseMs - moreMs) <= risk) {
        batch.close = moreMs >= dispatch.growth * elseMs ? 'no_gain' : 'slack'
        break
      }
      chance = next
    }
    if (!isSibling) {
      own = suits(item)
        ? sameChoice(item, variant, Math.max(best.size, n), slot, start, context)
        : undefined
      if (own !== undefined) queries++
      last = item
    }
    if (own === undefined) continue
    items.push(item)
    prefixes.push(own.prefix)
  }
  return batch
}

/** The choice of this variant for an item, if within `dispatch.leave` of the slot's best choice. */
function sameChoice(
  item: Item,
  variant: VariantShape,
  size: number,
  slot: Slot,
  start: ReturnType<typeof startOn>,
  context: DispatchContext,
): Choice | undefined {
  let own: Choice | undefined
  let most = -Infinity
  const terms = context.terms(item)
  for (const prefix of item.way.prefixes) {
    const choice = valueOn(terms, prefix, size, slot, start, context)
    if (choice === undefined) continue
    most = Math.max(most, choice.value)
    if (prefix.variant === variant) own = choice
  }
  return own !== undefined && own.value >= most - dispatch.leave ? own : undefined
}

/** Until when a batch of all waiting items should wait for more; undefined if it should be sent now. */
export function delayUntilMs(
  { items, variant }: Batch,
  slot: Slot,
  waiting: number,
  isOther: boolean,
  { nowMs, market, prices }: DispatchContext,
): number | undefined {
  const n = items.length
  const [{ attempts, queuedAtMs, query, task }] = items as [Item]
  if (dispatch.delay <= 0 || task.generates || n < waiting || attempts > 0) return undefined
  if (prices[slot.group!.index]! < 1e-6) return undefined
  const untilMs = queuedAtMs + (isOther ? 2 : 1) * dispatch.delay * query.slackMs
  if (nowMs >= untilMs) return undefined
  const { times } = slot.node
  const saved = (2 * times.meanMs(variant, n) - times.meanMs(variant, 2 * n)) / n
  const comesPerMs = (market.taskPerS[task.index] ?? 0) / 1000
  return comesPerMs * saved > (isOther ? 0.5 : 1) ? untilMs : undefined
}
