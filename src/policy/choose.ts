/**
 * Which variant for an item on a slot: the most accurate path whose remaining work keeps the
 * deadline of its query and lets every other query keep its own, else the quickest.
 *
 * @module
 */
import type { Backlog } from './backlog.ts'
import type { Capacity } from './capacity.ts'
import type { Frontier, Option } from './frontier.ts'
import type { Item } from './query.ts'
import type { Profile } from './profile.ts'
import { type Prefix, prefixesAfter } from './shape.ts'
import { isCoolingDown, readyAtMs, type Slot } from './slots.ts'

/** All that a decision reads. */
export interface View {
  nowMs: number
  capacity: Capacity
  frontier: Frontier
  profile: Profile
  backlog: Backlog
}

export interface Choice {
  prefix: Prefix
  tail: Option
  /** Of this item alone on this slot. */
  meanMs: number
  /** Time of the pool beyond the quickest way. */
  extraMs: number
  /** When the query ends if nothing else is in the way: by mean, and by upper latencies. */
  endMs: number
  safeEndMs: number
}

export interface Choices {
  /** Keeps all deadlines, as far as can be known. */
  best: Choice | undefined
  /** Undefined when the slot holds nothing that this item may be served with. */
  quickest: Choice | undefined
}

/** How much sooner another slot's variant must be for being called quicker. */
const QUICKER = 2
/** Servers of a variant that a search for a better place looks at, quickest first. */
const MAX_SERVERS = 64

export function choose(item: Item, slot: Slot, view: View): Choices {
  const { query } = item
  const { backlog } = view
  const quickestPoolMs = view.frontier.quickest(item.above, item.task, query.level)?.poolMs ?? 0
  const siblings = (query.waiting.get(item.task) ?? 1) - 1
  const budgetMs = backlog.budgetMs(query)
  let best: Choice | undefined
  let quickest: Choice | undefined
  for (const prefix of prefixesAfter(item.above, item.task)) {
    const { variant } = prefix
    if (!slot.held.has(variant) || isCoolingDown(slot, variant, view.nowMs)) continue
    const service = view.capacity.services[variant.index]
    if (service === undefined) continue
    const { startMs, returnMs } = timesOf(item, slot, view)
    const { meanMs, upperMs } = view.profile.latency(slot.node.id, variant, 1)
    for (const tail of view.frontier.tails(prefix, query.level)) {
      const costMs = service.poolMs + tail.poolMs
      const choice: Choice = {
        prefix,
        tail,
        meanMs,
        extraMs: Math.max(0, costMs - quickestPoolMs),
        endMs: startMs + meanMs + returnMs + tail.chainMs,
        safeEndMs: startMs + upperMs + returnMs + tail.safeChainMs,
      }
      if (quickest === undefined || choice.endMs < quickest.endMs) quickest = choice
      if (choice.extraMs > budgetMs || choice.safeEndMs > query.deadlineMs) continue
      // Its siblings would go the same way, after what is more urgent.
      const sharedMs = view.nowMs + backlog.busyMs + query.aheadMs + (siblings + 1) * costMs
      const lastMs = sharedMs + service.networkMs + tail.safeChainMs
      if (siblings > 0 && lastMs > query.deadlineMs) continue
      if (
        best === undefined || tail.accuracy > best.tail.accuracy ||
        (tail.accuracy === best.tail.accuracy && choice.endMs < best.endMs)
      ) best = choice
    }
  }
  return { best, quickest }
}

/** When a batch sent now would start on this slot, and how long its result travels. */
export function timesOf(item: Item, slot: Slot, view: View): { startMs: number; returnMs: number } {
  const onewayMs = view.profile.networkMs(slot.node.id, item.task) / 2
  return {
    startMs: Math.max(view.nowMs + onewayMs, readyAtMs(slot, view.nowMs)),
    returnMs: onewayMs,
  }
}

/** Whether another slot can be expected to serve the item in time: by upper latencies, or by mean. */
export function elsewhere(item: Item, slot: Slot, view: View): 'safe' | 'possible' | 'no' {
  const { query } = item
  let found: 'possible' | 'no' = 'no'
  for (const prefix of prefixesAfter(item.above, item.task)) {
    const tails = view.frontier.tails(prefix, query.level)
    const servers = view.capacity.services[prefix.variant.index]?.servers ?? []
    if (tails.length === 0) continue
    let chainMs = Infinity
    let safeChainMs = Infinity
    for (const tail of tails) {
      chainMs = Math.min(chainMs, tail.chainMs)
      safeChainMs = Math.min(safeChainMs, tail.safeChainMs)
    }
    for (let i = 0; i < Math.min(servers.length, MAX_SERVERS); i++) {
      const server = servers[i]!
      if (view.nowMs + server.meanMs + chainMs > query.deadlineMs) break
      if (server.slot === slot || isCoolingDown(server.slot, prefix.variant, view.nowMs)) continue
      const { startMs, returnMs } = timesOf(item, server.slot, view)
      const arrivesMs = startMs + returnMs
      if (arrivesMs + server.upperMs + safeChainMs <= query.deadlineMs) return 'safe'
      if (arrivesMs + server.meanMs + chainMs <= query.deadlineMs) found = 'possible'
    }
  }
  return found
}

/** Whether the quicker slots will have done all that waits before this one would do this item. */
export function isSlowerThanWaiting(
  choice: Choice,
  waiting: number,
  slot: Slot,
  view: View,
): boolean {
  const { variant } = choice.prefix
  const service = view.capacity.services[variant.index]
  if (service === undefined) return false
  let quicker = 0
  let ratePerMs = 0
  let waitMs = 0
  for (const server of service.servers) {
    if (server.meanMs * QUICKER > choice.meanMs || quicker >= MAX_SERVERS) break
    if (server.slot === slot || isCoolingDown(server.slot, variant, view.nowMs)) continue
    quicker++
    ratePerMs += server.slot.node.duty / server.meanMs
    waitMs += readyAtMs(server.slot, view.nowMs) - view.nowMs
  }
  if (quicker === 0) return false
  const workMs = Math.max(view.backlog.poolMs, waiting * service.poolMs)
  const otherMs = waitMs / quicker + workMs * service.ratePerMs / ratePerMs
  return otherMs + service.servers[0]!.meanMs <
    readyAtMs(slot, view.nowMs) - view.nowMs + choice.meanMs
}
