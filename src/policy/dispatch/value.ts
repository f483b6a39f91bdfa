/**
 * Value of running an item with a variant on a slot, in accuracy:
 *
 *     (served + accuracy of the path) x chance to be in time
 *       - price of the tasks that follow - price of the slot's time - cost of waiting + deficit
 *
 * Every decision for a slot with room compares these values.
 *
 * @module
 */
import type { Capacity, Server } from '../state/capacity.ts'
import { canRun } from '../state/credit.ts'
import { besideOn, lastOf, takesMore } from '../state/rows.ts'
import { type Group, type Slot } from '../state/node.ts'
import { readyAtMs } from '../state/slots.ts'
import type { Item } from '../state/query.ts'
import type { Prefix, TaskShape, VariantShape } from '../core/graph.ts'
import { chanceOf } from '../price/chance.ts'
import type { Deficits } from './deficits.ts'
import type { Market } from '../price/market.ts'
import { admit } from '../admit/params.ts'
import { dispatch } from './params.ts'
import { price } from '../price/params.ts'
import { type Paths } from '../price/paths.ts'
import { type Path, UPPER } from '../price/path.ts'

/** Everything that decisions at one moment read. */
export interface DispatchContext {
  nowMs: number
  capacity: Capacity
  market: Market
  paths: Paths
  deficits: Deficits
  /** By group index: price of a slot ms, in accuracy. */
  prices: readonly number[]
  /** Whether more is queued than usual; then batches larger than any that ran are tried. */
  isBehind: boolean
  /** Longest batch of queries with time to spare, in ms. */
  briefMs: number
  terms(item: Item): Terms
}

/** Terms of an item, and of its siblings, that hold for every choice. */
export interface Terms {
  item: Item
  /** Its share of the accuracy of its query. */
  weight: number
  /** Share of a query that its query counts as: scales the price of its time. */
  share: number
  /** Accuracy that a ms of waiting costs. */
  waitPerMs: number
  /** Variance that no latency estimate covers, in ms². */
  variance: number
  /** Earliest begin of the tasks that follow it, behind the work of more urgent queries. */
  followsAtMs: number
  /** ms that following tasks wait after the item, as those of more urgent queries come then too. */
  behindMs: number
  /** Accuracy that a ms puts at risk of later queries: by station; by group, for a ms of one of its slots. */
  stationRisk: readonly number[]
  slotRisk: readonly number[]
}

export interface Choice {
  prefix: Prefix
  path: Path
  value: number
  chance: number
}

/** A possible assignment of an item: variant, batch size, and slot, free now or later. */
export interface Candidate extends Choice {
  group: Group
  /** Undefined if all slots of the group are busy. */
  slot: Slot | undefined
  size: number
}

/** When a batch would begin, plus the time of the way back; and the variance of that in ms². */
export interface Start {
  atMs: number
  variance: number
}

export function startOn(slot: Slot, task: TaskShape, nowMs: number): Start {
  const onewayMs = slot.node.times.networkMs(task) / 2
  const last = lastOf(slot)
  const late = last === undefined || task.generates && takesMore(slot)
    ? 0
    : (last.upperMs - last.meanMs) / UPPER
  return {
    atMs: Math.max(readyAtMs(slot, nowMs, task), nowMs + onewayMs) + onewayMs,
    variance: late * late,
  }
}

export const paceOf = (slot: Slot): number =>
  slot.loading !== null ? slot.node.times.loadFactor() : 1

export function serverOf(variant: VariantShape, group: Group, { capacity }: DispatchContext) {
  const servers = capacity.services[variant.index]?.servers
  if (servers !== undefined) {
    for (let i = 0; i < servers.length; i++) if (servers[i]!.group === group) return servers[i]
  }
  return undefined
}

/**
 * Value on a slot in a batch of `size` items; undefined if the slot cannot run the variant.
 *
 * @param beat values up to this may be omitted
 */
export function valueOn(
  terms: Terms,
  prefix: Prefix,
  size: number,
  slot: Slot,
  start: Start,
  context: DispatchContext,
  beat = -Infinity,
): Choice | undefined {
  const { variant } = prefix
  if (!canRun(slot, variant, context.nowMs)) return undefined
  const { times } = slot.node
  const together = size + besideOn(slot, variant.task)
  const meanMs = times.meanMs(variant, together) * paceOf(slot)
  const deviation = meanMs * (times.upperTimes(variant) - 1) / UPPER
  const variance = start.variance + deviation * deviation
  const gain = gainOf(terms, prefix, slot.group!.index, meanMs / together, start.atMs, context)
  return choiceOf(terms, prefix, start.atMs + meanMs, variance, gain, context, beat)
}

/** Upper bound of the value in batches of up to `size`: surely in time, items as quick as in the largest. */
export function mostOn(
  terms: Terms,
  prefix: Prefix,
  size: number,
  slot: Slot,
  start: Start,
  context: DispatchContext,
): number {
  const { weight } = terms
  let most = -Infinity
  for (const path of context.paths.behind(prefix)) {
    const worth = price.served + weight * path.accuracy
    most = Math.max(most, worth - priceOf(path, terms))
  }
  const together = size + besideOn(slot, prefix.variant.task)
  const itemMs = slot.node.times.meanMs(prefix.variant, together) * paceOf(slot) / together
  return most + gainOf(terms, prefix, slot.group!.index, itemMs, start.atMs, context)
}

/** Value on a group whose slots are all busy, if the batch begins at `startMs`. */
export function valueLater(
  terms: Terms,
  prefix: Prefix,
  server: Server,
  startMs: number,
  context: DispatchContext,
  beat = -Infinity,
): Choice | undefined {
  const { meanMs, upperMs, networkMs, costMs, group } = server
  const deviation = (upperMs - meanMs) / UPPER
  const atMs = startMs + networkMs
  const wait = dispatch.spread * (startMs - context.nowMs)
  const variance = deviation * deviation + wait * wait
  const gain = gainOf(terms, prefix, group.index, costMs, atMs, context)
  return choiceOf(terms, prefix, atMs + meanMs, variance, gain, context, beat)
}

/** The best path behind a prefix, with the gain that holds for all paths, if worth more than `beat`. */
function choiceOf(
  terms: Terms,
  prefix: Prefix,
  endMs: number,
  variance: number,
  gain: number,
  context: DispatchContext,
  beat: number,
): Choice | undefined {
  const best = bestPath(terms, prefix, endMs, variance, context, beat - gain)
  if (best !== undefined) best.value += gain
  return best
}

/** Value of an item if it waits for a variant that is loading, behind all queries inside. */
export function valueOnceLoaded(
  terms: Terms,
  prefix: Prefix,
  slot: Slot,
  inMs: number,
  inside: number,
  context: DispatchContext,
): number {
  const { query, task } = terms.item
  const items = query.items.filter((one) => one.task === task && one.state === 'queued').length
  const chainMs = context.paths.behind(prefix)[0]?.chainMs ?? 0
  const workMs = items * slot.node.times.upperMs(prefix.variant, 1) + chainMs
  const startMs = context.nowMs + inMs / admit.loaded
  const endMs = startMs + inside * workMs - chainMs
  const best = bestPath(terms, prefix, endMs, 0, context)
  // Waiting costs nothing here: a pool's first answers should be as accurate as its later ones.
  const gain = gainOf(terms, prefix, slot.group!.index, workMs - chainMs, context.nowMs, context)
  return best === undefined || best.chance < dispatch.least ? -Infinity : best.value + gain
}

/** The part of the value that is the same for all paths: deficit, slot time and waiting. */
function gainOf(
  terms: Terms,
  { variant }: Prefix,
  group: number,
  slotMs: number,
  atMs: number,
  { prices, deficits, nowMs }: DispatchContext,
): number {
  const { weight, share, slotRisk, waitPerMs } = terms
  return share * weight * dispatch.deficit * deficits.of(variant, group) -
    (share * prices[group]! + slotRisk[group]!) * slotMs - waitPerMs * (atMs - nowMs)
}

/** Price of the tasks that follow, plus the accuracy they put at risk. */
function priceOf(path: Path, { share, stationRisk }: Terms): number {
  let sum = share * path.price
  for (let s = 0; s < stationRisk.length; s++) sum += stationRisk[s]! * path.stationMs[s]!
  return sum
}

/** The best path behind a prefix if the item ends at `endMs`, of those worth more than `beat`. */
function bestPath(
  terms: Terms,
  prefix: Prefix,
  endMs: number,
  variance: number,
  { paths }: DispatchContext,
  beat = -Infinity,
): Choice | undefined {
  const { item, weight, variance: unforeseen, followsAtMs, behindMs } = terms
  const { level } = item.query
  const leftMs = item.deadlineMs - endMs
  const followsLeftMs = item.deadlineMs - Math.max(endMs, followsAtMs) - behindMs
  const spread = variance + unforeseen
  const options = paths.behind(prefix)
  let best: Path | undefined
  let most = beat
  let likely = 0
  for (let i = 0; i < options.length; i++) {
    const path = options[i]!
    const costs = priceOf(path, terms)
    const worth = price.served + weight * path.accuracy
    if (worth - costs <= most || level > 0 && !paths.keeps(prefix, path, level)) continue
    const chance = path.chainMs > 0
      ? chanceOf(
        followsLeftMs - path.chainMs - path.waitMs,
        spread + path.variance + path.waitVariance,
      )
      : chanceOf(leftMs, spread)
    const value = worth * chance - costs
    if (value <= most) continue
    best = path
    most = value
    likely = chance
  }
  return best === undefined ? undefined : { prefix, path: best, value: most, chance: likely }
}
