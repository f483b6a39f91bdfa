/**
 * Tails: for what is left of a query behind a served item, the most accuracy for each cost. One
 * option is a choice of variant for every task still to come; options that cost more and give no
 * more are dropped.
 *
 * Costs are those of the pool as it is: the time of the whole pool that one item takes, and the
 * length of the chain until the last item is in, with the pool idle and items spread over it.
 *
 * @module
 */
import type { Capacity } from './capacity.ts'
import type { FanOut } from './fanout.ts'
import { makespanMs } from './makespan.ts'
import type { Prefix, TaskShape, Way } from './shape.ts'
import { createStations, itemsPerMs, type Stations } from './stations.ts'

/** What follows after one item was served. */
export interface Option {
  /** Mean path accuracy over the leaf items that are expected. */
  accuracy: number
  /** Leaf items expected. */
  leaves: number
  poolMs: number
  /** By mean latencies, and by upper ones. */
  chainMs: number
  safeChainMs: number
}

/** The least of each over all options after a prefix; infinite where there are none. */
export interface Least {
  poolMs: number
  chainMs: number
  safeChainMs: number
}

/** The quickest way to serve an item and all that follows. */
export interface Quickest {
  /** What the item is served with. */
  prefix: Prefix
  poolMs: number
  chainMs: number
  safeChainMs: number
  /** Of the chain what comes after the first item; all of it where nothing does. */
  afterMs: number
  /** Until one item more is through its task, with all slots that serve that at nothing else. */
  firstMs: number
  /** Of the item itself, both ways. */
  networkMs: number
  /** Of the chain what all that is to come is on its way, at the nearest slots. */
  awayMs: number
}

export interface Tails {
  /** Options after this prefix, the most accurate first; empty where the level can't be kept. */
  tails(prefix: Prefix, level: number): readonly Option[]
  least(prefix: Prefix, level: number): Least
  /** Undefined when no slot can serve such items so that all paths keep the level. */
  quickest(way: Way, level: number): Quickest | undefined
  /** By upper latencies, the shortest of the choices that are nearly as accurate as the best. */
  nearlyBestMs(way: Way, level: number): number
  stations: Stations
}

/** Share of its accuracy that a way may have less than the best one. */
const NEARLY = 0.03
const MAX_OPTIONS = 12
const AT_END: Option = { accuracy: 0, leaves: 1, poolMs: 0, chainMs: 0, safeChainMs: 0 }

/** What was worked out so far: by level, by index of the prefix or way. */
type Known<T> = (T | undefined)[][]

const at = <T>(known: Known<T>, level: number): (T | undefined)[] => known[level] ??= []

/** Good for one epoch of the capacity; remembers what it worked out. */
export function createTails(capacity: Capacity, fanOut: FanOut, maxBatch: number): Tails {
  const tailsOf: Known<readonly Option[]> = []
  const leastOf: Known<Least> = []
  const quickestOf: Known<Quickest | null> = []
  const nearlyOf: Known<number> = []
  /** By index of the task. */
  const awayAt: number[] = []

  const tails = (prefix: Prefix, level: number): readonly Option[] =>
    at(tailsOf, level)[prefix.index] ??= workOut(prefix, level)

  function workOut(prefix: Prefix, level: number): readonly Option[] {
    const { task } = prefix.variant
    const least = task.pipeline.levels[level] ?? Infinity
    if (prefix.bestFloor < least) return []
    if (task.next.length === 0) return [{ ...AT_END, accuracy: prefix.accuracy }]
    let combined: Option[] = [{ ...AT_END, leaves: 0 }]
    for (let child = 0; child < task.next.length; child++) {
      const branch = branchOf(prefix, child, level)
      combined = pruned(combined.flatMap((a) => branch.map((b) => both(a, b))))
    }
    // Nothing expected to follow: the accuracy is the prefix's, as in the answer.
    return combined.map((option) =>
      option.leaves > 0 ? option : { ...option, accuracy: prefix.accuracy }
    )
  }

  /** All items of one child task after one item of `prefix`, with what follows from them. */
  function branchOf(prefix: Prefix, child: number, level: number): Option[] {
    const count = fanOut.mean(prefix.variant, child)
    const upperCount = fanOut.upper(prefix.variant, child)
    const options: Option[] = []
    for (const next of prefix.next[child]!) {
      const service = capacity.services[next.variant.index]
      if (service === undefined) continue
      const spanMs = count > 0.01 ? service.networkMs + makespanMs(service, count, maxBatch) : 0
      const safeSpanMs = count > 0.01
        ? service.networkMs + makespanMs(service, upperCount, maxBatch) * service.upperRatio
        : 0
      for (const tail of tails(next, level)) {
        const tailMs = count > 0.01 ? Math.max(tail.chainMs, count * tail.poolMs) : 0
        options.push({
          accuracy: tail.accuracy,
          leaves: count * tail.leaves,
          poolMs: count * (service.poolMs + tail.poolMs),
          chainMs: spanMs + tailMs,
          safeChainMs: safeSpanMs + (count > 0.01 ? Math.max(tail.safeChainMs, tailMs) : 0),
        })
      }
    }
    return pruned(options)
  }

  function findLeast(prefix: Prefix, level: number): Least {
    const least: Least = { poolMs: Infinity, chainMs: Infinity, safeChainMs: Infinity }
    for (const tail of tails(prefix, level)) {
      least.poolMs = Math.min(least.poolMs, tail.poolMs)
      least.chainMs = Math.min(least.chainMs, tail.chainMs)
      least.safeChainMs = Math.min(least.safeChainMs, tail.safeChainMs)
    }
    return least
  }

  function findQuickest({ prefixes }: Way, level: number): Quickest | null {
    let best: Quickest | null = null
    const firstMs = 1 / itemsPerMs(prefixes.map(({ variant }) => variant.index), capacity)
    for (const prefix of prefixes) {
      const service = capacity.services[prefix.variant.index]
      if (service === undefined) continue
      const aloneMs = service.servers[0]!.meanMs
      for (const tail of tails(prefix, level)) {
        const chainMs = service.networkMs + aloneMs + tail.chainMs
        if (best !== null && chainMs >= best.chainMs) continue
        best = {
          prefix,
          poolMs: service.poolMs + tail.poolMs,
          chainMs,
          safeChainMs: service.networkMs + aloneMs * service.upperRatio + tail.safeChainMs,
          afterMs: tail.chainMs > 0 ? tail.chainMs : chainMs,
          firstMs,
          networkMs: service.networkMs,
          awayMs: awayOf(prefix.variant.task),
        }
      }
    }
    return best
  }

  function awayOf({ index, variants, next }: TaskShape): number {
    return awayAt[index] ??= variants.reduce(
      (least, { index }) => Math.min(least, capacity.services[index]?.nearestMs ?? Infinity),
      Infinity,
    ) + next.reduce((most, child) => Math.max(most, awayOf(child)), 0)
  }

  function findNearlyBest({ task, prefixes }: Way, level: number): number {
    const choices = prefixes.flatMap((prefix) => {
      const service = capacity.services[prefix.variant.index]
      if (service === undefined) return []
      // A leaf item waits for those beside it in its batch.
      const { meanMs, latencyMs, batch } = service.servers[0]!
      const ownMs = task.next.length === 0 ? latencyMs(Math.round(batch)) : meanMs
      const beforeMs = service.networkMs + ownMs * service.upperRatio
      return tails(prefix, level).map(({ accuracy, safeChainMs }) => ({
        accuracy,
        endMs: beforeMs + safeChainMs,
      }))
    })
    const best = choices.reduce((most, { accuracy }) => Math.max(most, accuracy), 0)
    return choices.reduce(
      (least, { accuracy, endMs }) =>
        accuracy < (1 - NEARLY) * best ? least : Math.min(least, endMs),
      Infinity,
    )
  }

  function quickest(way: Way, level: number): Quickest | undefined {
    const known = at(quickestOf, level)
    let found = known[way.index]
    if (found === undefined) known[way.index] = found = findQuickest(way, level)
    return found ?? undefined
  }

  return {
    tails,
    least: (prefix, level) => at(leastOf, level)[prefix.index] ??= findLeast(prefix, level),
    nearlyBestMs: (way, level) => at(nearlyOf, level)[way.index] ??= findNearlyBest(way, level),
    quickest,
    stations: createStations(capacity, fanOut, {
      quickest,
      branchMs: (prefix, child, level) =>
        branchOf(prefix, child, level).reduce(
          (least, { chainMs }) => Math.min(least, chainMs),
          Infinity,
        ),
    }),
  }
}

/** Two branches side by side: they share the pool, and the query ends with the later. */
function both(a: Option, b: Option): Option {
  const leaves = a.leaves + b.leaves
  const poolMs = a.poolMs + b.poolMs
  return {
    accuracy: leaves > 0 ? (a.accuracy * a.leaves + b.accuracy * b.leaves) / leaves : 0,
    leaves,
    poolMs,
    chainMs: Math.max(a.chainMs, b.chainMs, poolMs),
    safeChainMs: Math.max(a.safeChainMs, b.safeChainMs, poolMs),
  }
}

/** The most accurate first; each further one must be cheaper or shorter than all before it. */
function pruned(options: Option[]): Option[] {
  options.sort((a, b) => b.accuracy - a.accuracy || a.poolMs - b.poolMs || a.chainMs - b.chainMs)
  const kept: Option[] = []
  let leastPoolMs = Infinity
  let leastChainMs = Infinity
  for (const option of options) {
    if (option.poolMs >= leastPoolMs && option.chainMs >= leastChainMs) continue
    leastPoolMs = Math.min(leastPoolMs, option.poolMs)
    leastChainMs = Math.min(leastChainMs, option.chainMs)
    kept.push(option)
  }
  if (kept.length <= MAX_OPTIONS) return kept
  const step = (kept.length - 1) / (MAX_OPTIONS - 1)
  return Array.from({ length: MAX_OPTIONS }, (_, i) => kept[Math.round(i * step)]!)
}
