/**
 * The deadline test: all queries inside in the order of their deadlines, each by its quickest path, on
 * slots that come free one after the other. Says how much work goes before a deadline.
 *
 * @module
 */
import { type Query, UNKNOWN } from '../queue/query.ts'
import type { DeadlineQueue } from '../queue/queue.ts'
import { chanceOf } from './chance.ts'
import { admit, dispatch, price } from './params.ts'
import type { Paths } from './paths.ts'

/** How busy a station is. */
export interface Busy {
  /** ms until each busy slot is free, the soonest first. */
  lefts: readonly number[]
  slots: number
}

export class DeadlineTest {
  private readonly deadlines: number[] = []
  /** ms of each station before that deadline. */
  private readonly aheads: number[][] = []
  /** Likewise: accuracy that a ms of delay of the station puts at risk of that query and all behind it. */
  private readonly risks: number[][] = []
  /** Likewise: ms of each station before that deadline for what follows items that are not done. */
  private readonly lockeds: number[][] = []
  private lockedTotal: number[] = []
  private total: number[] = []
  private none: number[] = []
  private busy: readonly Busy[] = []

  /** @param version differs from the last where paths do */
  scan(
    queries: DeadlineQueue<Query>,
    paths: Paths,
    version: number,
    busy: readonly Busy[],
    nowMs: number,
  ): void {
    const { deadlines, aheads, risks, lockeds } = this
    this.busy = busy
    const stations = busy.length
    this.none = new Array<number>(stations).fill(0)
    const sum = new Array<number>(stations).fill(0)
    const locked = new Array<number>(stations).fill(0)
    let count = 0
    for (let i = 0; i < queries.length; i++) {
      const query = queries.at(i)!
      const { rest, deadlineMs } = query
      if (rest.epoch === UNKNOWN || rest.epoch !== version) settle(query, paths, version, stations)
      if (!rest.servable || rest.poolMs === 0) continue
      const startMs = nowMs + this.beginsMs(sum, rest.stationMs)
      const endMs = Math.max(startMs + Math.max(rest.chainMs, rest.poolMs), rest.runningEndMs)
      // It is lost, and will take no time from others.
      if (endMs > deadlineMs) continue
      deadlines[count] = deadlineMs
      const ahead = aheads[count] ??= []
      const risk = risks[count] ??= []
      const before = lockeds[count] ??= []
      const perMs = riskPerMs(query, deadlineMs - endMs, startMs - nowMs)
      for (let s = 0; s < stations; s++) {
        ahead[s] = sum[s]!
        before[s] = locked[s]!
        locked[s]! += rest.lockedMs[s]!
        risk[s] = rest.stationMs[s]! > 0 ? perMs : 0
        sum[s]! += rest.stationMs[s]!
      }
      count++
    }
    deadlines.length = count
    this.total = sum
    this.lockedTotal = locked
    for (let i = count - 2; i >= 0; i--) {
      for (let s = 0; s < stations; s++) risks[i]![s]! += risks[i + 1]![s]!
    }
  }

  /** ms of each station for what is due by then. */
  aheadOf(deadlineMs: number): readonly number[] {
    const at = this.firstAfter(deadlineMs)
    return at < this.deadlines.length ? this.aheads[at]! : this.total
  }

  /**
   * Of that, ms for what cannot begin before something else is done, of the last so many queries: as many
   * as run at a time.
   */
  lockedMs(deadlineMs: number, station: number, queries: number): number {
    const at = this.firstAfter(deadlineMs)
    const all = at < this.deadlines.length ? this.lockeds[at]! : this.lockedTotal
    const before = at > queries ? this.lockeds[at - queries]![station]! : 0
    return all[station]! - before
  }

  /** Accuracy that a ms of delay of each station puts at risk of what is due later. */
  riskBehind(deadlineMs: number): readonly number[] {
    const at = this.firstAfter(deadlineMs)
    return at < this.deadlines.length ? this.risks[at]! : this.none
  }

  private firstAfter(deadlineMs: number): number {
    const { deadlines } = this
    let low = 0
    let high = deadlines.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (deadlines[middle]! <= deadlineMs) low = middle + 1
      else high = middle
    }
    return low
  }

  /** ms until work that needs these stations begins behind so much: where that is last. */
  beginsMs(ahead: readonly number[], own: readonly number[]): number {
    let most = 0
    for (let s = 0; s < this.busy.length; s++) {
      if (own[s]! > 0) most = Math.max(most, beginsAfter(this.busy[s]!, ahead[s]!))
    }
    return most
  }
}

/** How much the worth of a query falls for a ms that it is later. */
function riskPerMs({ shape, laxityMs, rest }: Query, spareMs: number, waitMs: number): number {
  const jitter = dispatch.jitter * Math.min(shape.pipeline.sloMs, laxityMs)
  const queue = admit.spread * waitMs
  const variance = rest.variance + jitter * jitter + queue * queue + 0.25
  const chance = chanceOf(spareMs, variance)
  const late = price.served * dispatch.slope * chance * (1 - chance) / Math.sqrt(variance)
  return late + dispatch.wait / Math.max(laxityMs, 1)
}

/** After how long so much work of a station has begun, as its slots come free. */
function beginsAfter({ lefts, slots }: Busy, ms: number): number {
  const idle = Math.max(0, slots - lefts.length)
  const work = ms * slots
  let sum = 0
  for (let k = 0; k < lefts.length; k++) {
    const count = idle + k
    if (count > 0 && (work + sum) / count <= lefts[k]!) return (work + sum) / count
    sum += lefts[k]!
  }
  return (work + sum) / Math.max(1, idle + lefts.length)
}

/** What a query still needs, noted in it for one version of the paths. */
function settle(query: Query, paths: Paths, version: number, stations: number): void {
  const { rest, items, level } = query
  rest.epoch = version
  rest.poolMs =
    rest.chainMs =
    rest.runningEndMs =
    rest.variance =
      0
  rest.servable = true
  const needs = rest.stationMs
  needs.length = stations
  needs.fill(0)
  const locked = rest.lockedMs
  locked.length = stations
  locked.fill(0)
  for (let i = query.firstOpen; i < items.length; i++) {
    const item = items[i]!
    if (item.state === 'done') continue
    let own: readonly number[]
    let later: readonly number[]
    if (item.state === 'queued') {
      const quickest = paths.quickest(item.way, level)
      if (quickest === undefined) {
        rest.servable = false
        continue
      }
      own = quickest.stationMs
      later = quickest.laterMs
      rest.chainMs = Math.max(rest.chainMs, quickest.chainMs)
      rest.variance = Math.max(rest.variance, quickest.variance)
    } else {
      const least = paths.least(item.bound!, level)
      own = later = least.stationMs
      rest.runningEndMs = Math.max(rest.runningEndMs, item.endsAtMs + least.chainMs)
    }
    for (let s = 0; s < own.length; s++) {
      needs[s]! += own[s]!
      locked[s]! += later[s]!
    }
  }
  for (let s = 0; s < stations; s++) rest.poolMs = Math.max(rest.poolMs, needs[s]!)
}
