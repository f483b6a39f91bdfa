/**
 * Who helps: slots that the mix does not plan for a task take an item of it only when those that it
 * plans would end it late. So slots kept for a peak leave to the more accurate ones what these can do.
 *
 * @module
 */
import { freeAtMs, type View } from './choose.ts'
import type { Item } from './query.ts'
import { prefixesAfter } from './shape.ts'
import type { Slot } from './slots.ts'

/** Share of a query's laxity within which the slots that are planned for it must end it. */
const RESCUE = 0.3

/**
 * Whether the slots that the mix plans for an item will have it done in time, by upper latencies and
 * behind the items before it in its queue: then the others leave it to them.
 */
export function isInGoodHands(item: Item, position: number, slot: Slot, view: View): boolean {
  const { query, task } = item
  let ratePerMs = 0
  let freeMs = Infinity
  let lastMs = 0
  let tailMs = Infinity
  for (const prefix of prefixesAfter(item.above, task)) {
    const { variant } = prefix
    const service = view.capacity.services[variant.index]
    if (service === undefined) continue
    let own = 0
    for (const { group, costMs, latencyMs, batch } of service.servers) {
      if (group === slot.group || !view.targets.isPlanned(task, group)) continue
      const share = view.targets.share(variant, group)
      if (share <= 0) continue
      const atMs = freeAtMs(group, slot, variant, view)
      if (atMs === Infinity) continue
      freeMs = Math.min(freeMs, atMs)
      own += share * group.duty / costMs
      lastMs = Math.max(
        lastMs,
        latencyMs(Math.round(batch)) * service.upperRatio + service.networkMs,
      )
    }
    if (own === 0) continue
    for (const tail of view.tails.tails(prefix, query.level)) {
      tailMs = Math.min(tailMs, tail.safeChainMs)
    }
    ratePerMs += own
  }
  if (ratePerMs === 0) return false
  const endMs = freeMs + position / ratePerMs + lastMs + tailMs
  return endMs <= query.deadlineMs - RESCUE * query.laxityMs
}
