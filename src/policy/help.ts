/**
 * Who helps: slots that the mix does not plan for a task take an item of it only when those that it
 * plans would end it late. So slots kept for a peak leave to the more accurate ones what these can do.
 *
 * @module
 */
import type { Capacity } from './capacity.ts'
import { freeAtMs, type View } from './choose.ts'
import type { Item } from './query.ts'
import type { VariantShape, Way } from './shape.ts'
import type { Group, Slot } from './slots.ts'

/** Share of a query's laxity within which the slots that are planned for it must end it. */
const RESCUE = 0.3

/** What a group does of the items that come by some prefixes, as the mix plans it. */
interface Hand {
  group: Group
  /** One that it is planned for. */
  variant: VariantShape
  ratePerMs: number
  /** Its longest batch with the way back, and the least that follows, by upper latencies. */
  lastMs: number
  tailMs: number
}

/** Good for one capacity and one mix: by index of the way, then by level. */
interface Known {
  mix: number
  hands: Hand[][][]
}

const knownOf = new WeakMap<Capacity, Known>()

/**
 * Whether the slots that the mix plans for an item will have it done in time, by upper latencies and
 * behind the items before it in its queue: then the others leave it to them.
 */
export function isInGoodHands(item: Item, position: number, slot: Slot, view: View): boolean {
  const { query } = item
  let ratePerMs = 0
  let freeMs = Infinity
  let lastMs = 0
  let tailMs = Infinity
  for (const hand of handsOf(item.way, query.level, view)) {
    if (hand.group === slot.group) continue
    const atMs = freeAtMs(hand.group, slot, hand.variant, view)
    if (atMs === Infinity) continue
    freeMs = Math.min(freeMs, atMs)
    ratePerMs += hand.ratePerMs
    lastMs = Math.max(lastMs, hand.lastMs)
    tailMs = Math.min(tailMs, hand.tailMs)
  }
  if (ratePerMs === 0) return false
  const endMs = freeMs + position / ratePerMs + lastMs + tailMs
  return endMs <= query.deadlineMs - RESCUE * query.laxityMs
}

function handsOf(way: Way, level: number, view: View): readonly Hand[] {
  let known = knownOf.get(view.capacity)
  if (known?.mix !== view.targets.mixNumber) {
    knownOf.set(view.capacity, known = { mix: view.targets.mixNumber, hands: [] })
  }
  const byLevel = known.hands[way.index] ??= []
  return byLevel[level] ??= findHands(way, level, view)
}

function findHands({ prefixes }: Way, level: number, view: View): Hand[] {
  const { capacity, targets, tails } = view
  const hands = new Map<Group, Hand>()
  for (const prefix of prefixes) {
    const { variant } = prefix
    const service = capacity.services[variant.index]
    if (service === undefined) continue
    const least = tails.least(prefix, level).safeChainMs
    for (const { group, costMs, latencyMs, batch } of service.servers) {
      if (!targets.isPlanned(variant.task, group)) continue
      const share = targets.share(variant, group)
      if (share <= 0) continue
      const hand = hands.get(group) ??
        { group, variant, ratePerMs: 0, lastMs: 0, tailMs: Infinity }
      hands.set(group, hand)
      hand.ratePerMs += share * group.duty / costMs
      const batchMs = latencyMs(Math.round(batch)) * service.upperRatio + service.networkMs
      hand.lastMs = Math.max(hand.lastMs, batchMs)
      hand.tailMs = Math.min(hand.tailMs, least)
    }
  }
  return [...hands.values()]
}
