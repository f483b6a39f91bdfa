/**
 * Path options: the paths that can follow a prefix, each with its accuracy, its time on each group and its
 * duration as mean and variance.
 *
 * @module
 */
import type { FanOut } from '../estimate/fanout.ts'
import { endShare } from './handed_on.ts'
import type { Capacity } from '../state/capacity.ts'
import type { Prefix, Way } from '../core/graph.ts'
import type { Market } from './market.ts'
import { beside, type Least, type Path, type Quickest, UPPER } from './path.ts'
import { price } from './params.ts'
import { harmonic, soonest, spanOf } from './span.ts'
import type { Stations } from './stations.ts'

export interface PathsParts {
  capacity: Capacity
  market: Market
  stations: Stations
  fanOut: FanOut
  /** Mean duration of batches. */
  batchMs: number
}

export class Paths {
  private readonly known: (Path[] | undefined)[] = []
  private readonly quick: (Quickest | null | undefined)[][] = []
  private readonly leasts: (Least | undefined)[][] = []
  private prices: readonly number[]

  constructor(private readonly parts: PathsParts, prices: readonly number[]) {
    this.prices = prices
  }

  price(prices: readonly number[]): void {
    this.prices = prices
    for (const paths of this.known) {
      if (paths !== undefined) { for (const path of paths) path.price = this.priceOf(path) }
    }
  }

  /** Paths behind a prefix; empty if no slot serves some task behind it. */
  behind(prefix: Prefix): readonly Path[] {
    return this.known[prefix.index] ??= this.find(prefix)
  }

  /** Whether a path keeps a query's minimum accuracy, given as position in `levels`. */
  keeps(prefix: Prefix, path: Path, level: number): boolean {
    return level === 0 ||
      path.least >= prefix.variant.task.pipeline.levels[level]! - 1e-9
  }

  /** Lower bound of the tasks that follow; 0 if no path can. */
  least(prefix: Prefix, level: number): Least {
    const known = this.leasts[level] ??= []
    return known[prefix.index] ??= this.findLeast(prefix, level)
  }

  private findLeast(prefix: Prefix, level: number): Least {
    let chainMs = Infinity
    let shortest: Path | undefined
    for (const path of this.behind(prefix)) {
      if (!this.keeps(prefix, path, level)) continue
      chainMs = Math.min(chainMs, path.chainMs)
      if (shortest === undefined || sum(path.stationMs) < sum(shortest.stationMs)) shortest = path
    }
    return { chainMs: chainMs === Infinity ? 0 : chainMs, stationMs: shortest?.stationMs ?? [] }
  }

  quickest(way: Way, level: number): Quickest | undefined {
    const known = this.quick[level] ??= []
    let found = known[way.index]
    if (found === undefined) known[way.index] = found = this.findQuickest(way, level) ?? null
    return found ?? undefined
  }

  private find(prefix: Prefix): Path[] {
    const { capacity, market, fanOut } = this.parts
    const { variant, next } = prefix
    if (next.length === 0) return [this.nothing(prefix.accuracy, 1)]
    const ends = endShare(prefix, market.problem)
    let all: Path[] = [this.nothing(0, 0)]
    next.forEach((branch, child) => {
      const items = fanOut.mean(variant, child)
      const upper = fanOut.upper(variant, child)
      const own: Path[] = []
      for (const then of branch) {
        const service = capacity.services[then.variant.index]
        if (service === undefined || !market.serves(then.variant)) continue
        const shareOf = this.sharesOf(then.variant.index)
        const span = spanOf(service.servers, shareOf, items, upper)
        for (const path of this.behind(then)) {
          own.push(this.step(then, path, items, span, service.upperRatio))
        }
      }
      all = this.pruned(all.flatMap((a) => own.map((b) => beside(a, b))))
    })
    return all.map((path) => {
      const accuracy = path.leaves > 0
        ? ends * prefix.accuracy + (1 - ends) * path.accuracy
        : prefix.accuracy
      return { ...path, accuracy, price: this.priceOf(path) }
    })
  }

  /** Planned share of a variant's items that each group runs; equal shares without a plan. */
  private sharesOf(variant: number): (group: number) => number {
    const { market } = this.parts
    const uses = market.usesOf(variant)
    const flows = market.plan.itemsPerS[variant]!
    const all = sum(flows)
    return (group) => {
      const u = uses.findIndex((use) => use.group === group)
      return u < 0 ? 0 : all > 1e-9 ? flows[u]! / all : 1 / uses.length
    }
  }

  /** A path with the items of one more task in front. */
  private step(
    { variant }: Prefix,
    path: Path,
    items: number,
    { spanMs, runMs, upperMs, batches }: ReturnType<typeof spanOf>,
    upperRatio: number,
  ): Path {
    const { market, stations, batchMs } = this.parts
    const groupMs = path.groupMs.map((ms) => ms * items)
    const shareOf = this.sharesOf(variant.index)
    for (const { group, costMs } of market.usesOf(variant.index)) {
      groupMs[group]! += items * costMs * shareOf(group)
    }
    const time = stations.times[variant.index]!
    const stationMs = path.stationMs.map((ms, s) =>
      items * (ms + (s === time.station ? time.ms : 0))
    )
    const leadMs = path.leadMs.map((ms, s) => s === time.station ? 0 : spanMs + ms)
    const happens = items > 0.01
    const slotMs = happens ? batchMs / (stations.slots[time.station]! + 1) : 0
    const runDeviation = runMs * (upperRatio - 1) / UPPER
    const deviation = runDeviation + Math.max(0, upperMs - runMs) / UPPER
    // The last of several batches ends later than the mean batch.
    const lastMs = runDeviation * harmonic(batches - 1) / price.slope
    return {
      accuracy: path.accuracy,
      least: path.least,
      leaves: items * path.leaves,
      groupMs,
      price: 0,
      stationMs,
      leadMs,
      waitMs: batches * slotMs + (happens ? path.waitMs : 0),
      waitVariance: batches * slotMs * slotMs + (happens ? path.waitVariance : 0),
      chainMs: happens ? spanMs + lastMs + path.chainMs : 0,
      variance: happens ? deviation * deviation + path.variance : 0,
    }
  }

  private nothing(accuracy: number, leaves: number): Path {
    const { market, stations } = this.parts
    return {
      accuracy,
      least: leaves > 0 ? accuracy : 1,
      leaves,
      price: 0,
      waitMs: 0,
      waitVariance: 0,
      chainMs: 0,
      variance: 0,
      groupMs: market.problem.groups.map(() => 0),
      stationMs: new Array<number>(stations.count).fill(0),
      leadMs: new Array<number>(stations.count).fill(Infinity),
    }
  }

  private priceOf({ groupMs }: Path): number {
    let price = 0
    for (let g = 0; g < groupMs.length; g++) price += groupMs[g]! * this.prices[g]!
    return price
  }

  /** By falling accuracy; each further path is cheaper, shorter, or takes less station time. */
  private pruned(paths: Path[]): Path[] {
    const rows = paths.map((path) => ({
      path,
      price: this.priceOf(path),
      station: Math.max(0, ...path.stationMs),
    }))
    rows.sort((a, b) => b.path.accuracy - a.path.accuracy || a.station - b.station)
    let [station, chain, least] = [Infinity, Infinity, Infinity]
    const kept = rows.filter((row) => {
      const { path } = row
      if (row.station >= station && path.chainMs >= chain && row.price >= least) return false
      station = Math.min(station, row.station)
      chain = Math.min(chain, path.chainMs)
      least = Math.min(least, row.price)
      return true
    }).map(({ path }) => path)
    if (kept.length <= price.mostPaths) return kept
    const every = (kept.length - 1) / (price.mostPaths - 1)
    return Array.from({ length: price.mostPaths }, (_, i) => kept[Math.round(i * every)]!)
  }

  private findQuickest({ prefixes }: Way, level: number): Quickest | undefined {
    const { capacity, market, stations } = this.parts
    let best: Quickest | undefined
    let least = Infinity
    let leastMs: number[] = []
    let laterMs: readonly number[] = []
    for (const prefix of prefixes) {
      const service = capacity.services[prefix.variant.index]
      if (service === undefined || !market.serves(prefix.variant)) continue
      const { meanMs, networkMs } = soonest(service.servers)
      const deviation = meanMs * (service.upperRatio - 1) / UPPER
      const time = stations.times[prefix.variant.index]!
      for (const path of this.behind(prefix)) {
        if (!this.keeps(prefix, path, level)) continue
        const stationMs = path.stationMs.map((ms, s) => ms + (s === time.station ? time.ms : 0))
        const all = sum(stationMs)
        if (all < least) {
          least = all
          leastMs = stationMs
          laterMs = path.stationMs
        }
        const ownMs = meanMs + networkMs
        const chainMs = ownMs + path.chainMs
        if (best !== undefined && best.chainMs <= chainMs) continue
        best = {
          chainMs,
          variance: deviation * deviation + path.variance,
          stationMs: [],
          mostMs: 0,
          leadMs: path.leadMs.map((ms, s) => s === time.station ? 0 : ownMs + ms),
          laterMs: [],
        }
      }
    }
    if (best !== undefined) {
      best.stationMs = leastMs
      best.laterMs = laterMs
      best.mostMs = Math.max(0, ...leastMs)
    }
    return best
  }
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
