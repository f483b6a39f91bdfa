/**
 * The value of doing an item with a variant on a slot, in accuracy:
 *
 *     (served + accuracy of the path) x chance to be in time
 *       - price of what follows - price of the slot's time - what waiting costs + what the deficit counts
 *
 * Everything that is decided when a slot has room compares these.
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

/** All that decisions of one moment read. */
export interface DispatchContext {
  nowMs: number
  capacity: Capacity
  market: Market
  paths: Paths
  deficits: Deficits
  /** By index of group: price of a ms. */
  prices: readonly number[]
  /** More is queued than is usual: larger batches than any that ran are tried. */
  isBehind: boolean
  /** The longest batch of queries that have time. */
  briefMs: number
  /** What holds for an item whatever is done with it. */
  terms(item: Item): Terms
}

/** What holds for an item, and for its siblings, whatever is done with it. */
export interface Terms {
  item: Item
  /** Its part of the accuracy of its query. */
  weight: number
  /** As how much of a query its query counts: its time costs so much of the price. */
  share: number
  /** Accuracy that a ms of waiting costs. */
  waitPerMs: number
  /** Of what no estimate foresees, in ms². */
  variance: number
  /** What follows it begins no sooner, behind the work of more urgent queries. */
  followsAtMs: number
  /** And so long after it is done, as what follows those comes at the same time. */
  behindMs: number
  /** Accuracy that a ms puts at risk of queries that are due later: of a station, and of a group's slot. */
  stationRisk: readonly number[]
  slotRisk: readonly number[]
}

export interface Choice {
  prefix: Prefix
  path: Path
  value: number
  chance: number
}

/** A way to do an item: with a variant in a batch of so many, on a slot that can have it now or later. */
export interface Candidate extends Choice {
  group: Group
  /** Undefined where all slots of the group are busy. */
  slot: Slot | undefined
  size: number
}

/** When a batch would begin, with its way back; and the variance of that. */
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
 * Value on a slot in a batch of so many; undefined where the slot cannot do it.
 *
 * @param beat what is worth no more than that may be left out
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

/** Batches of up to so many are worth no more, in time for sure and with items as quick as in the largest. */
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

/** Value on a group all of whose slots are busy, begun then. */
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

/** The best path behind a prefix with all that counts whatever the path, if that is worth more than `beat`. */
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

/** Value of an item once a variant is loaded that no slot holds, with all that is inside before it. */
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
  // Waiting costs nothing here: the first answers of a pool are to be as good as its best.
  const gain = gainOf(terms, prefix, slot.group!.index, workMs - chainMs, context.nowMs, context)
  return best === undefined || best.chance < dispatch.least ? -Infinity : best.value + gain
}

/** What counts for or against it whatever the path: the deficit, the slot's time, and the wait. */
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

/** Of what follows, with what it puts at risk. */
function priceOf(path: Path, { share, stationRisk }: Terms): number {
  let sum = share * path.price
  for (let s = 0; s < stationRisk.length; s++) sum += stationRisk[s]! * path.stationMs[s]!
  return sum
}

/** The best path behind a prefix whose item is done by then, of those that are worth more than `beat`. */
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
