/**
 * Small batches under load: who has time for one item only has a slot spend several times as long on
 * it as on one of many. Where that is more than a whole query takes, and nobody can spare it, others
 * are lost for this one, and the next have no more time than it had: it is dropped in their place.
 *
 * @module
 */
import { budgetOf } from '../lookahead/backlog.ts'
import type { Slot } from '../pool/slots.ts'
import type { Filled } from './batching.ts'
import type { View } from './choose.ts'
import { quantumMsOf } from './growth.ts'

/** A batch may be longer than it may grow without gain, where twice the items take so much longer. */
const CLEAR_GAIN = 0.7

/**
 * Whether the query of the first item should rather be dropped.
 *
 * @param waiting items that the batch could have been filled from, the first with them
 */
export function isWasteful(
  { members, close }: Filled,
  waiting: number,
  slot: Slot,
  view: View,
  maxBatch: number,
): boolean {
  // Where others have no time to spare the rest goes a quicker way, in a batch of its own.
  if (close !== 'slack') return false
  const { item: { query, task }, choice } = members[0]!
  const { variant } = choice.prefix
  const service = view.capacity.services[variant.index]
  if (service === undefined) return false
  const { times } = slot.node
  const { layout } = view.capacity
  const island = layout.islands[slot.group!.island]!
  const most = Math.min(waiting, maxBatch)
  const quantumMs = quantumMsOf(query)
  let size = members.length
  while (2 * size <= most) {
    const doubleMs = times.meanMs(variant, 2 * size)
    // What takes longer than that alone would otherwise stay alone, and nobody behind it have time. Where
    // all slots hold the same others have.
    const gains = !island.sameHeld && doubleMs < (1 + CLEAR_GAIN) * times.meanMs(variant, size)
    if (doubleMs > quantumMs && !gains) break
    size *= 2
  }
  if (size === members.length) return false
  const moreMs = times.meanMs(variant, members.length) / members.length -
    times.meanMs(variant, size) / size
  const costMs = service.servers.find(({ group }) => group === slot.group)?.costMs ?? Infinity
  const itemMs = island.sameHeld ? 0 : view.tails.stations.itemMs(task)
  // Its other items have no more time.
  const morePoolMs = query.waiting[task.position]! * moreMs / costMs *
    Math.max(service.poolMs, itemMs)
  return morePoolMs > view.targets.queryMs(query) && morePoolMs > budgetOf(query, view.backlog)
}
