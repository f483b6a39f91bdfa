/**
 * Large batches where only these pay: on some devices two items take three times as long as one, and
 * eight seven times. Such a batch is of those that have the time for it, where who is more urgent is
 * in good hands elsewhere.
 *
 * @module
 */
import type { Server } from '../pool/capacity.ts'
import { holdsAll, lateMs, meanMsOn, type Slot, upperMsOn } from '../pool/slots.ts'
import type { Item } from '../queue/query.ts'
import type { DeadlineQueue } from '../queue/queue.ts'
import type { TaskShape, VariantShape } from '../shape.ts'
import { fillBatch, type Filled, LARGE_KEPT, type Member, shareOf, SPREADS } from './batching.ts'
import { choose, onewayMs, startsAtMs, type View } from './choose.ts'
import { GAIN } from './growth.ts'
import { isInGoodHands } from './help.ts'
import { firstFor } from './pairing.ts'

/** Of those that are passed over so many are asked after. */
const ASKED = 3

const sizesOf = new WeakMap<Server, readonly number[]>()

/**
 * Sizes at which an item takes clearly less than at all below, the largest first; none where two
 * items already take less than two batches of one, for there a batch grows by itself.
 */
function payingSizes(server: Server, maxBatch: number): readonly number[] {
  const known = sizesOf.get(server)
  if (known !== undefined) return known
  const sizes: number[] = []
  let leastMs = server.latencyMs(1)
  if (server.latencyMs(2) - leastMs > GAIN * leastMs) {
    for (let size = 2; size <= maxBatch; size++) {
      const costMs = server.latencyMs(size) / size
      if (costMs > GAIN * leastMs) continue
      leastMs = costMs
      sizes.unshift(size)
    }
  }
  sizesOf.set(server, sizes)
  return sizes
}

/**
 * In place of a batch that begins with this member; undefined where it is to be as it would be. Only
 * where that leaves every other slot something to do, or the time that is saved is none.
 */
export function largeBatch(
  first: Member,
  position: number,
  queue: DeadlineQueue<Item>,
  slot: Slot,
  view: View,
  maxBatch: number,
): Filled | undefined {
  const { item: { task, query: { laxityMs } }, choice: { prefix: { variant }, tail } } = first
  const server = serverOf(variant, slot, view)
  if (server === undefined || !holdsAll(slot)) return undefined
  const sizes = payingSizes(server, maxBatch)
  if (sizes.length === 0) return undefined
  const most = Math.min(
    shareOf(task, queue.length, slot, view),
    queue.length - Math.max(position, slotsFor(task, view)),
  )
  const returnMs = onewayMs(slot, task)
  const startMs = startsAtMs(slot, returnMs, view.nowMs)
  const restMs = lateMs(slot) + returnMs + tail.safeChainMs + LARGE_KEPT * view.keep * laxityMs
  for (const size of sizes) {
    if (size > most) continue
    const meanMs = meanMsOn(slot, variant, size)
    const endMs = startMs + meanMs + SPREADS * (upperMsOn(slot, variant, size) - meanMs)
    const dueBy = Math.max(position, queue.dueBy(endMs + restMs))
    const from = firstFor(variant, dueBy, queue, view)
    if (from + size > queue.length || !areInGoodHands(position, from, queue, slot, view)) continue
    const item = queue.at(from)!
    const { best } = choose(item, slot, view)
    if (best?.prefix.variant !== variant || !view.fits(item.payload, slot.node.id)) continue
    const { members } = fillBatch({ item, choice: best }, from, queue, slot, view, maxBatch, size)
    if (members.length >= size) return { members, close: 'large' }
  }
  return undefined
}

const serverOf = ({ index }: VariantShape, slot: Slot, { capacity }: View) =>
  capacity.services[index]?.servers.find(({ group }) => group === slot.group)

const slotsFor = (task: TaskShape, { capacity, targets }: View) =>
  capacity.groups.reduce(
    (sum, group) => targets.isPlanned(task, group) ? sum + group.slots.length : sum,
    0,
  )

function areInGoodHands(
  from: number,
  to: number,
  queue: DeadlineQueue<Item>,
  slot: Slot,
  view: View,
): boolean {
  const count = Math.min(ASKED, to - from)
  for (let i = 0; i < count; i++) {
    const position = count === 1 ? from : from + Math.round(i * (to - 1 - from) / (count - 1))
    if (!isInGoodHands(queue.at(position)!, position, slot, view)) return false
  }
  return true
}
