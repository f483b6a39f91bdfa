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
import type { FanOut } from '../demand/fanout.ts'
import type { Capacity } from '../pool/capacity.ts'
import { createStations, itemsPerMs, type Stations } from '../pool/stations.ts'
import type { Prefix, TaskShape, VariantShape, Way } from '../shape.ts'
import { makespanMs } from './makespan.ts'
import type { Sharing } from './sharing.ts'

/**
 * What follows after one item was served. All are of one shape: decisions read thousands of them, and
 * engines box numbers that are read from objects of several shapes.
 */
export class Option {
  constructor(
    /** Mean path accuracy over the leaf items that are expected. */
    readonly accuracy: number,
    /** Leaf items expected. */
    readonly leaves: number,
    readonly poolMs: number,
    /** By mean latencies, and by upper ones. */
    readonly chainMs: number,
    readonly safeChainMs: number,
  ) {}
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
  /** Whether any usable slot holds it. */
  isHeld(variant: VariantShape): boolean
}

/** Share of its accuracy that a way may have less than the best one. */
const NEARLY = 0.03
const MAX_OPTIONS = 12
const atEnd = (accuracy: number, leaves = 1) => new Option(accuracy, leaves, 0, 0, 0)

/** What was worked out so far: by level, by index of the prefix or way. */
type Known<T> = (T | undefined)[][]

const at = <T>(known: Known<T>, level: number): (T | undefined)[] => known[level] ??= []

/** A class, as `Model` of `profile/latency_model.ts`: each epoch of the capacity has one. */
class WorkedOut implements Tails {
  readonly stations: Stations
  private readonly tailsOf: Known<readonly Option[]> = []
  private readonly leastOf: Known<Least> = []
  private readonly quickestOf: Known<Quickest | null> = []
  private readonly nearlyOf: Known<number> = []
  /** By index of the task. */
  private readonly awayAt: number[] = []

  constructor(
    private readonly capacity: Capacity,
    private readonly fanOut: FanOut,
    private readonly maxBatch: number,
    private readonly sharing: Sharing,
  ) {
    this.stations = createStations(capacity, fanOut, {
      quickest: (way, level) => this.quickest(way, level),
      branchMs: (prefix, child, level) =>
        this.branchOf(prefix, child, level).reduce(
          (least, { chainMs }) => Math.min(least, chainMs),
          Infinity,
        ),
    })
  }

  isHeld({ index }: VariantShape): boolean {
    return this.capacity.services[index] !== undefined
  }

  tails(prefix: Prefix, level: number): readonly Option[] {
    return at(this.tailsOf, level)[prefix.index] ??= this.workOut(prefix, level)
  }

  least(prefix: Prefix, level: number): Least {
    return at(this.leastOf, level)[prefix.index] ??= this.findLeast(prefix, level)
  }

  nearlyBestMs(way: Way, level: number): number {
    return at(this.nearlyOf, level)[way.index] ??= this.findNearlyBest(way, level)
  }

  quickest(way: Way, level: number): Quickest | undefined {
    const known = at(this.quickestOf, level)
    let found = known[way.index]
    if (found === undefined) known[way.index] = found = this.findQuickest(way, level)
    return found ?? undefined
  }

  private workOut(prefix: Prefix, level: number): readonly Option[] {
    const { task } = prefix.variant
    const least = task.pipeline.levels[level] ?? Infinity
    if (prefix.bestFloor < least) return []
    if (task.next.length === 0) return [atEnd(prefix.accuracy)]
    let combined: Option[] = [atEnd(0, 0)]
    for (let child = 0; child < task.next.length; child++) {
      const branch = this.branchOf(prefix, child, level)
      combined = pruned(combined.flatMap((a) => branch.map((b) => both(a, b))))
    }
    // Nothing expected to follow: the accuracy is the prefix's, as in the answer.
    return combined.map((option) =>
      option.leaves > 0 ? option : new Option(
        prefix.accuracy,
        option.leaves,
        option.poolMs,
        option.chainMs,
        option.safeChainMs,
      )
    )
  }

  /** All items of one child task after one item of `prefix`, with what follows from them. */
  private branchOf(prefix: Prefix, child: number, level: number): Option[] {
    const count = this.fanOut.mean(prefix.variant, child)
    const upperCount = this.fanOut.upper(prefix.variant, child)
    const shared = this.sharing.of(prefix.variant.task.pipeline)
    const options: Option[] = []
    for (const next of prefix.next[child]!) {
      const service = this.capacity.services[next.variant.index]
      if (service === undefined) continue
      const spanOf = (items: number) => makespanMs(service, items, this.maxBatch, shared)
      const spanMs = count > 0.01 ? service.networkMs + spanOf(count) : 0
      const safeSpanMs = count > 0.01
        ? service.networkMs + spanOf(upperCount) * service.upperRatio
        : 0
      for (const tail of this.tails(next, level)) {
        const tailMs = count > 0.01 ? Math.max(tail.chainMs, count * tail.poolMs) : 0
        options.push(
          new Option(
            tail.accuracy,
            count * tail.leaves,
            count * (service.poolMs + tail.poolMs),
            spanMs + tailMs,
            safeSpanMs + (count > 0.01 ? Math.max(tail.safeChainMs, tailMs) : 0),
          ),
        )
      }
    }
    return pruned(options)
  }

  private findLeast(prefix: Prefix, level: number): Least {
    const least: Least = { poolMs: Infinity, chainMs: Infinity, safeChainMs: Infinity }
    for (const tail of this.tails(prefix, level)) {
      least.poolMs = Math.min(least.poolMs, tail.poolMs)
      least.chainMs = Math.min(least.chainMs, tail.chainMs)
      least.safeChainMs = Math.min(least.safeChainMs, tail.safeChainMs)
    }
    return least
  }

  private findQuickest({ prefixes }: Way, level: number): Quickest | null {
    let best: Quickest | null = null
    const firstMs = 1 / itemsPerMs(prefixes.map(({ variant }) => variant.index), this.capacity)
    for (const prefix of prefixes) {
      const service = this.capacity.services[prefix.variant.index]
      if (service === undefined) continue
      const aloneMs = service.servers[0]!.meanMs
      for (const tail of this.tails(prefix, level)) {
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
          awayMs: this.awayOf(prefix.variant.task),
        }
      }
    }
    return best
  }

  private awayOf({ index, variants, next }: TaskShape): number {
    return this.awayAt[index] ??= variants.reduce(
      (least, { index }) => Math.min(least, this.capacity.services[index]?.nearestMs ?? Infinity),
      Infinity,
    ) + next.reduce((most, child) => Math.max(most, this.awayOf(child)), 0)
  }

  private findNearlyBest({ task, prefixes }: Way, level: number): number {
    const choices = prefixes.flatMap((prefix) => {
      const service = this.capacity.services[prefix.variant.index]
      if (service === undefined) return []
      // A leaf item waits for those beside it in its batch.
      const { meanMs, latencyMs, batch } = service.servers[0]!
      const ownMs = task.next.length === 0 ? latencyMs(Math.round(batch)) : meanMs
      const beforeMs = service.networkMs + ownMs * service.upperRatio
      return this.tails(prefix, level).map(({ accuracy, safeChainMs }) => ({
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
}

/** Good for one epoch of the capacity; remembers what it worked out. */
export const createTails = (
  capacity: Capacity,
  fanOut: FanOut,
  maxBatch: number,
  sharing: Sharing,
): Tails => new WorkedOut(capacity, fanOut, maxBatch, sharing)

/** Two branches side by side: they share the pool, and the query ends with the later. */
function both(a: Option, b: Option): Option {
  const leaves = a.leaves + b.leaves
  const poolMs = a.poolMs + b.poolMs
  return new Option(
    leaves > 0 ? (a.accuracy * a.leaves + b.accuracy * b.leaves) / leaves : 0,
    leaves,
    poolMs,
    Math.max(a.chainMs, b.chainMs, poolMs),
    Math.max(a.safeChainMs, b.safeChainMs, poolMs),
  )
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
