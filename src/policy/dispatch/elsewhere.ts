/**
 * Whether others would do better with an item than the slot at hand, and are there to do it. Nobody
 * counts who would leave it, too: whose batch is overdue, or who rests and would not be called for it.
 *
 * @module
 */
import { AS_NEAR } from '../pool/classes.ts'
import { type Group, isCoolingDown, isOverdue, readyAtMs, type Slot } from '../pool/slots.ts'
import type { Item } from '../queue/query.ts'
import type { TaskShape, VariantShape } from '../shape.ts'
import type { Choice, View } from './choose.ts'

/** Slots of a group that a search for a better place looks at. */
const MAX_SLOTS = 32

/**
 * When the first slot of a group is free, as far as a look at some of them tells. One whose batch is
 * overdue may be gone.
 *
 * @param calls whether those that rest count; by default as the view says
 */
export function freeAtMs(
  group: Group,
  except: Slot,
  variant: VariantShape,
  view: View,
  calls = view.calls,
): number {
  const { nowMs, freeMs } = view
  const known = freeMs[group.index]!
  if (calls === view.calls && !Number.isNaN(known)) return known
  let soonest = Infinity
  let looked = 0
  let alike = true
  for (let i = group.slots.length - 1; i >= 0 && looked < MAX_SLOTS; i--) {
    const slot = group.slots[i]!
    if (slot === except) continue
    if (isOverdue(slot, nowMs) || (slot.node.resting && !calls)) {
      alike = false
      continue
    }
    if (slot.cooldowns.size > 0) {
      alike = false
      if (isCoolingDown(slot, variant, nowMs)) continue
    }
    looked++
    soonest = Math.min(soonest, readyAtMs(slot, nowMs))
    if (soonest <= nowMs) break
  }
  if (alike && calls === view.calls) freeMs[group.index] = soonest
  return soonest
}

/** When the first slot is free of those that are awake and heard of; as far as a look at some tells. */
export function awakeFreeAtMs(view: View): number {
  if (!Number.isNaN(view.awakeFreeMs)) return view.awakeFreeMs
  const { capacity, nowMs } = view
  let soonest = Infinity
  for (const { slots } of capacity.groups) {
    let looked = 0
    for (let i = slots.length - 1; i >= 0 && looked < MAX_SLOTS && soonest > nowMs; i--) {
      const slot = slots[i]!
      if (slot.node.resting || isOverdue(slot, nowMs)) continue
      looked++
      soonest = Math.min(soonest, readyAtMs(slot, nowMs))
    }
  }
  return view.awakeFreeMs = soonest
}

/** Whether somebody who does not rest can do the task, and is heard of; as far as a look at some tells. */
export function hasAwake(task: TaskShape, { capacity, nowMs }: View): boolean {
  // Where all can do the same somebody is, or the backlog would say so.
  if (capacity.groups.length === 1) return true
  for (const { tasks, slots } of capacity.groups) {
    if (!tasks.includes(task)) continue
    if (slots.length > MAX_SLOTS) return true
    if (slots.some((slot) => !slot.node.resting && !isOverdue(slot, nowMs))) return true
  }
  return false
}

/**
 * Whether another slot can be expected to serve the item in time: by upper latencies, or by mean.
 *
 * @param byMs by when its query is to end
 */
export function elsewhere(
  item: Item,
  slot: Slot,
  view: View,
  byMs = item.deadlineMs,
): 'safe' | 'possible' | 'no' {
  const { query } = item
  let found: 'possible' | 'no' = 'no'
  for (const prefix of item.way.prefixes) {
    const { chainMs, safeChainMs } = view.tails.least(prefix, query.level)
    const service = view.capacity.services[prefix.variant.index]
    if (chainMs === Infinity || service === undefined) continue
    for (const server of service.servers) {
      const { group, networkMs } = server
      if (view.nowMs + networkMs + server.meanMs + chainMs > byMs) break
      const arrivesMs = freeAtMs(group, slot, prefix.variant, view) + networkMs
      if (arrivesMs + server.upperMs + safeChainMs <= byMs) return 'safe'
      if (arrivesMs + server.meanMs + chainMs <= byMs) found = 'possible'
    }
  }
  return found
}

/** Whether other slots that do the task are much nearer. */
export function isFurther(task: TaskShape, { node }: Slot, { capacity }: View): boolean {
  const mostMs = node.times.networkMs(task) - AS_NEAR * task.pipeline.pipeline.sloMs
  if (mostMs < 0) return false
  return task.variants.some(({ index }) => {
    const service = capacity.services[index]
    return service !== undefined && service.nearestMs < mostMs
  })
}

/** Who leaves less than this of what decisions leave alone of a query's laxity ends it at the last moment. */
const LAST_MOMENT = 0.75
/** By such a share of its laxity another must end it sooner for being left it. */
const SOONER = 0.2

/**
 * Whether this slot would end the item's query at the last moment, and another can be expected to end it
 * sooner, and to leave of its laxity what decisions leave alone.
 */
export function isKeptElsewhere(item: Item, choice: Choice, slot: Slot, view: View): boolean {
  const { laxityMs, deadlineMs } = item.query
  const keptMs = view.keep * laxityMs
  if (choice.safeEndMs <= deadlineMs - LAST_MOMENT * keptMs) return false
  const byMs = Math.min(deadlineMs - keptMs, choice.safeEndMs - SOONER * laxityMs)
  return elsewhere(item, slot, view, byMs) === 'safe'
}
