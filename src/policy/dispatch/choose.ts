/**
 * Which variant for an item on a slot: the one that the mix wants next, if with what follows it
 * keeps the deadline of its query and lets every other query keep its own; else the most accurate
 * way below it that does; else the quickest.
 *
 * @module
 */
import type { Fits } from '../options.ts'
import type { Targets } from '../frontier/targets.ts'
import { aheadOf, type Backlog, budgetOf } from '../lookahead/backlog.ts'
import { beginsAtMs } from '../lookahead/coming_free.ts'
import type { Option, Tails } from '../lookahead/tails.ts'
import type { Arrivals } from '../pool/arrivals.ts'
import type { Capacity, Service } from '../pool/capacity.ts'
import { type Group, isCoolingDown, lateMs, readyAtMs, type Slot } from '../pool/slots.ts'
import { LEAST_KEEP } from '../profile/caution.ts'
import type { Item } from '../queue/query.ts'
import { isKeptForProven } from './proven.ts'
import type { Prefix, TaskShape, VariantShape } from '../shape.ts'

/** All that a decision reads. */
export interface View {
  nowMs: number
  capacity: Capacity
  tails: Tails
  targets: Targets
  backlog: Backlog
  fits: Fits
  /** Time has been short for a while; see `demand/pressure.ts`. */
  stands: boolean
  /** Queries inside; and whether these are so few that the best costs nobody anything. */
  inside: number
  free: boolean
  /** What is being loaded. */
  arrivals: Pick<Arrivals, 'any' | 'inMs'>
  idleCount(group: Group): number
  creditCount(group: Group): number
  /** Share of a query's laxity that is kept for what no latency foresees; only the quickest may use it. */
  keep: number
  /** Laxity that few queries have less of; see `demand/haste.ts`. */
  hasteMs: number
  /**
   * By index of the group: when it has a slot free, where no slot is cooling down; NaN where that
   * was not looked for yet.
   */
  freeMs: number[]
  /** When the first slot of those that are awake is free; NaN where that was not looked for yet. */
  awakeFreeMs: number
  /** Those that rest would be called for the item at hand: else they are nobody to leave it to. */
  calls: boolean
}

export interface Choice {
  prefix: Prefix
  tail: Option
  /** Of this item alone on this slot. */
  meanMs: number
  /** Share of the accuracy of the variant that the mix wants, where there is no time for that one. */
  lost: number
  /**
   * That is for want of time, or where each slot holds one variant of the task for want of its holder;
   * a slot with several of them that lacks the wanted one only helps.
   */
  lowered: boolean
  /** Time of the pool beyond the quickest way. */
  extraMs: number
  /** When the query ends if nothing else is in the way: by mean, and by upper latencies. */
  endMs: number
  safeEndMs: number
}

export interface Choices {
  /** Keeps all deadlines, as far as can be known. */
  best: Choice | undefined
  /** Looked for where there is none such; undefined when the slot holds nothing that may serve the item. */
  quickest: Choice | undefined
}

/**
 * How much of the work ahead, counted the quickest way, stands before what follows an item: part of
 * it is done while the item runs. Found in simulation of the paper's trace; 0 to 2 were tried.
 */
const AHEAD = 0.5
/** A place that costs so many times what the cheapest does is for emergencies. */
const DEAR = 2

const NOTHING: Choices = { best: undefined, quickest: undefined }

/** @param only the variant of a batch that is being filled; by default the mix has its say */
export function choose(item: Item, slot: Slot, view: View, only?: VariantShape): Choices {
  const { query, way, task } = item
  const { backlog, tails, nowMs } = view
  if (item.attempts > 0 && isKeptForProven(item, slot, view)) return NOTHING
  const { level, deadlineMs } = query
  const group = slot.group!
  const quickestPoolMs = tails.quickest(way, level)?.poolMs ?? 0
  const budgetMs = budgetOf(query, backlog)
  const planned = view.targets.isPlanned(task, group)
  const free = view.free && planned
  const wish = only ?? (free ? undefined : view.targets.target(item, group))
  const most = wish?.accuracy ?? Infinity
  const returnMs = onewayMs(slot, task)
  const startMs = startsAtMs(slot, returnMs, nowMs)
  const lateStartMs = startMs + lateMs(slot)
  // Alone in the pool a query has nobody to be held up by.
  const soonMs = deadlineMs - (view.free ? LEAST_KEEP : view.keep) * query.laxityMs
  const aheadMs = beginsAtMs(backlog.free, aheadOf(query, backlog) * AHEAD, nowMs)
  const { times } = slot.node
  const ones = times.ones()
  const pace = slot.loading.size === 0 ? 1 : times.loadFactor()
  const { best, quickest } = found
  forget(best)
  forget(quickest)
  const { prefixes } = way
  // The wanted one first, which stands where its variant does: mostly it will do, and then next to
  // nothing is left to look at.
  const first = wish === undefined ? 0 : wish.index - task.variants[0]!.index
  for (let i = 0; i < prefixes.length; i++) {
    const prefix = prefixes[i === 0 ? first : i <= first ? i - 1 : i]!
    const { variant } = prefix
    const options = tails.tails(prefix, level)
    const highest = options[0]?.accuracy ?? 0
    if (best.tail !== undefined && highest < best.tail.accuracy) continue
    if (!slot.held.has(variant) || isCoolingDown(slot, variant, nowMs)) continue
    const service = view.capacity.services[variant.index]
    if (service === undefined) continue
    const { index } = variant
    const isKnown = index < ones.meanMs.length && !Number.isNaN(ones.meanMs[index]!)
    const meanMs = pace * (isKnown ? ones.meanMs[index]! : times.meanMs(variant, 1))
    // What the mix plans here is right here, whatever a price of a moment ago says.
    const dear = !(planned && (free || variant === wish)) &&
      group.price * meanMs > DEAR * service.poolMs &&
      group.price * costOn(service, group) > DEAR * service.poolMs
    const upperMs = pace * (isKnown ? ones.upperMs[index]! : times.upperMs(variant, 1))
    const lateEndMs = lateStartMs + upperMs
    const open = variant.accuracy <= most && !dear
    // What follows waits behind all that is more urgent; a leaf item has its slot already.
    const followsMs = Math.max(lateEndMs, aheadMs)
    for (const tail of options) {
      if (best.tail !== undefined && tail.accuracy < best.tail.accuracy) break
      const extraMs = Math.max(0, service.poolMs + tail.poolMs - quickestPoolMs)
      const endMs = startMs + meanMs + returnMs + tail.chainMs
      const safeEndMs = lateEndMs + returnMs + tail.safeChainMs
      if (
        quickest.tail === undefined || (quickest.dear && !dear) ||
        (dear === quickest.dear && endMs < quickest.endMs)
      ) note(quickest, prefix, tail, dear, meanMs, extraMs, endMs, safeEndMs)
      if (!open || extraMs > budgetMs) continue
      const servedMs = tail.chainMs > 0 ? followsMs : lateEndMs
      if (servedMs + returnMs + tail.safeChainMs > soonMs) continue
      if (
        best.tail !== undefined && tail.accuracy === best.tail.accuracy && endMs >= best.endMs
      ) continue
      note(best, prefix, tail, dear, meanMs, extraMs, endMs, safeEndMs)
    }
  }
  // The rest of a batch goes the way of its first.
  const wanted = only === undefined ? wish : undefined
  const kept = taken(best, wanted, slot)
  return { best: kept, quickest: kept === undefined ? taken(quickest, wanted, slot) : undefined }
}

/** A choice as the search goes on: most are overtaken, and a new object for each would be waste. */
type Candidate = Omit<Choice, 'prefix' | 'tail' | 'lost' | 'lowered'> & {
  prefix: Prefix | undefined
  tail: Option | undefined
  /** Another group would do it for much less of the pool's time. */
  dear: boolean
}

const nobody = (): Candidate => ({
  ...{ prefix: undefined, tail: undefined, dear: false },
  ...{ meanMs: NaN, extraMs: NaN, endMs: NaN, safeEndMs: NaN },
})
const found = { best: nobody(), quickest: nobody() }

function forget(candidate: Candidate): void {
  candidate.prefix = undefined
  candidate.tail = undefined
}

function note(
  candidate: Candidate,
  prefix: Prefix,
  tail: Option,
  dear: boolean,
  meanMs: number,
  extraMs: number,
  endMs: number,
  safeEndMs: number,
): void {
  candidate.prefix = prefix
  candidate.tail = tail
  candidate.dear = dear
  candidate.meanMs = meanMs
  candidate.extraMs = extraMs
  candidate.endMs = endMs
  candidate.safeEndMs = safeEndMs
}

function taken(
  candidate: Candidate,
  wanted: VariantShape | undefined,
  slot: Slot,
): Choice | undefined {
  const { prefix, tail, meanMs, extraMs, endMs, safeEndMs } = candidate
  if (prefix === undefined || tail === undefined) return undefined
  const best = wanted?.accuracy ?? 0
  const lost = best > 0 ? Math.max(0, 1 - prefix.variant.accuracy / best) : 0
  const lowered = lost > 0 && (slot.held.has(wanted!) || !holdsSeveral(slot, wanted!.task))
  return { prefix, tail, meanMs, lost, lowered, extraMs, endMs, safeEndMs }
}

function holdsSeveral({ held }: Slot, task: TaskShape): boolean {
  let count = 0
  for (const variant of held) if (variant.task === task) count++
  return count > 1
}

/** Time of a slot for one item, at the batch sizes that the group runs; Infinity where it has none. */
function costOn({ servers }: Service, group: Group): number {
  for (const server of servers) if (server.group === group) return server.costMs
  return Infinity
}

/** How long a result travels from this slot, and so a batch to it. */
export const onewayMs = (slot: Slot, task: TaskShape): number => slot.node.times.networkMs(task) / 2

/** When a batch sent now would start on this slot. */
export const startsAtMs = (slot: Slot, onewayMs: number, nowMs: number): number =>
  Math.max(nowMs + onewayMs, readyAtMs(slot, nowMs))
