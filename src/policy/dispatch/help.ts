/**
 * Who helps: slots that the mix does not plan for a task take an item of it only when those that it
 * plans would end it late. So slots kept for a peak leave to the more accurate ones what these can do.
 * Who does it no less accurately helps sooner: the mix gives work to one of two groups that hold the
 * same, whichever, and while the other has nothing to do nobody has to wait or go a worse way.
 *
 * @module
 */
import type { Capacity } from '../pool/capacity.ts'
import { type Group, holdsAll, type Slot } from '../pool/slots.ts'
import type { Item } from '../queue/query.ts'
import type { Prefix, TaskShape, VariantShape, Way } from '../shape.ts'
import type { View } from './choose.ts'
import { freeAtMs } from './elsewhere.ts'

/** Share of a query's laxity that slots that are planned for it must leave of it when they end it, */
const RESCUE = 0.3
/** and where slots do not hold all, if another does it as accurately. */
const RESCUE_ALIKE = 0.7

/** What a group does of the items that come by some prefixes, as the mix plans it. */
interface Hand {
  group: Group
  /** One that it is planned for, and the most accurate of these. */
  variant: VariantShape
  accuracy: number
  ratePerMs: number
  /** Its longest batch with the way back, and the least that follows, by upper latencies. */
  lastMs: number
  tailMs: number
}

/** Good for one capacity and one mix: by index of the way, then by level; all, and its own alone. */
interface Known {
  mix: number
  hands: Hand[][][]
  onWay: Hand[][][]
}

const knownOf = new WeakMap<Capacity, Known>()

/**
 * Whether the slots that the mix plans for an item will have it done in time, by upper latencies and
 * behind the items before it in its queue: then the others leave it to them.
 *
 * @param awake those that rest are no hands: they would leave it, too, as long as it can wait
 */
export function isInGoodHands(
  item: Item,
  position: number,
  slot: Slot,
  view: View,
  awake = false,
): boolean {
  return isDoneInTime(handsOf(item.way, item.query.level, view), item, position, slot, view, awake)
}

/**
 * The same of those slots alone that do what the mix has done of items that came by its way, behind
 * as many of these as usually stand before it.
 */
export function isForOthers(item: Item, position: number, slot: Slot, view: View): boolean {
  const before = position * view.targets.wayShare(item.way)
  return isDoneInTime(handsOnWay(item, view), item, before, slot, view)
}

/**
 * Whether the slot only helps with a task, so that items in good hands are left to others: who is not
 * planned for it, or has had its share. Where slots hold all that goes for first items alone, while
 * who is to do them better has had less: what comes of these is done the better way again.
 */
export function isHelping(task: TaskShape, slot: Slot, { targets }: View): boolean {
  const group = slot.group!
  if (!holdsAll(slot)) return !targets.isPlanned(task, group) || targets.isAhead(task, group)
  return task.depth === 0 && targets.isPlanned(task, group) && targets.isAheadOfBetter(task, group)
}

function isDoneInTime(
  hands: readonly Hand[],
  { query, task }: Item,
  before: number,
  slot: Slot,
  view: View,
  awake = false,
): boolean {
  let ratePerMs = 0
  let freeMs = Infinity
  let lastMs = 0
  let tailMs = Infinity
  let accuracy = 0
  for (const hand of hands) {
    if (hand.group === slot.group) continue
    const atMs = freeAtMs(hand.group, slot, hand.variant, view, view.calls && !awake)
    if (atMs === Infinity) continue
    freeMs = Math.min(freeMs, atMs)
    ratePerMs += hand.ratePerMs
    lastMs = Math.max(lastMs, hand.lastMs)
    tailMs = Math.min(tailMs, hand.tailMs)
    accuracy = Math.max(accuracy, hand.accuracy)
  }
  if (ratePerMs === 0) return false
  const endMs = freeMs + before / ratePerMs + lastMs + tailMs
  const alike = !holdsAll(slot) && hasAsAccurate(slot, task, accuracy)
  return endMs <= query.dueMs - (alike ? RESCUE_ALIKE : RESCUE) * query.laxityMs
}

function hasAsAccurate({ held }: Slot, task: TaskShape, accuracy: number): boolean {
  for (const variant of held) if (variant.task === task && variant.accuracy >= accuracy) return true
  return false
}

function knownFor(view: View): Known {
  let known = knownOf.get(view.capacity)
  if (known?.mix !== view.targets.mixNumber) {
    knownOf.set(view.capacity, known = { mix: view.targets.mixNumber, hands: [], onWay: [] })
  }
  return known
}

function handsOf({ index, prefixes }: Way, level: number, view: View): readonly Hand[] {
  const byLevel = knownFor(view).hands[index] ??= []
  return byLevel[level] ??= findHands(prefixes, level, view)
}

function handsOnWay(item: Item, view: View): readonly Hand[] {
  const { way: { index, prefixes }, query: { level } } = item
  const byLevel = knownFor(view).onWay[index] ??= []
  return byLevel[level] ??= findHands(
    prefixes.filter(({ variant }) => view.targets.isFor(item, variant)),
    level,
    view,
  )
}

function findHands(prefixes: readonly Prefix[], level: number, view: View): Hand[] {
  const { capacity, targets, tails } = view
  const hands = new Map<Group, Hand>()
  for (const prefix of prefixes) {
    const { variant } = prefix
    const service = capacity.services[variant.index]
    if (service === undefined) continue
    const least = tails.least(prefix, level).safeChainMs
    for (const { group, costMs, latencyMs, batch, networkMs } of service.servers) {
      if (!targets.isPlanned(variant.task, group)) continue
      const share = targets.share(variant, group)
      if (share <= 0) continue
      const hand = hands.get(group) ??
        { group, variant, accuracy: 0, ratePerMs: 0, lastMs: 0, tailMs: Infinity }
      hands.set(group, hand)
      hand.accuracy = Math.max(hand.accuracy, variant.accuracy)
      hand.ratePerMs += share * group.duty / costMs
      const batchMs = latencyMs(Math.round(batch)) * service.upperRatio + networkMs
      hand.lastMs = Math.max(hand.lastMs, batchMs)
      hand.tailMs = Math.min(hand.tailMs, least)
    }
  }
  return [...hands.values()]
}
