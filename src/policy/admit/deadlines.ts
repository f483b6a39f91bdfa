/**
 * The deadline test: all queries inside by deadline, each by its quickest path, on slots that come free
 * one after the other. It tells how much work goes before a deadline.
 *
 * @module
 */
import { zeros } from '../core/fresh.ts'
import type { Query } from '../state/query.ts'
import type { DeadlineQueue } from '../state/queue.ts'
import { chanceOf } from '../price/chance.ts'
import { type Busy, ComingFree } from './coming_free.ts'
import { admit } from './params.ts'
import { price } from '../price/params.ts'
import type { Paths } from '../price/paths.ts'

/** Work before an admitted query by deadline; the last row stands for a query without deadline. */
interface Row {
  deadlineMs: number
  seq: number
  /** ms of each station. */
  aheadMs: number[]
  /** ms of each station for tasks that follow unfinished items. */
  lockedMs: number[]
  /** Accuracy that a ms of delay of each station puts at risk for these queries. */
  riskPerMs: number[]
}

export class Deadlines {
  private readonly rows: Row[] = [emptyRow()]
  /** Number of rows, not counting the last. */
  private count = 0
  private stations: ComingFree[] = []
  private nowMs = 0

  /** @param version changes when the paths do */
  scan(
    queries: DeadlineQueue<Query>,
    paths: Paths,
    version: number,
    busy: readonly Busy[],
    nowMs: number,
  ): void {
    this.nowMs = nowMs
    this.stations = busy.map((one, s) => this.stations[s]?.as(one) ?? new ComingFree(one))
    const { rows } = this
    this.count = 0
    clear(rows[0]!, busy.length)
    for (let i = 0; i < queries.length; i++) {
      const query = queries.at(i)!
      const row = rows[this.count]!
      const riskPerMs = this.lookAt(query, row, paths, version)
      if (riskPerMs === undefined) continue
      const next = rows[++this.count] ??= emptyRow()
      copy(row, next)
      row.deadlineMs = query.deadlineMs
      row.seq = query.seq
      addTo(next, query, riskPerMs)
    }
  }

  /** Adds a query admitted since the scan. */
  add(query: Query, paths: Paths, version: number): void {
    const { rows, count } = this
    const at = this.firstAfter(query.deadlineMs, query.seq)
    const riskPerMs = this.lookAt(query, rows[at]!, paths, version)
    if (riskPerMs === undefined) return
    const row = rows.length > count + 1 ? rows.pop()! : emptyRow()
    copy(rows[at]!, row)
    row.deadlineMs = query.deadlineMs
    row.seq = query.seq
    rows.splice(at, 0, row)
    this.count++
    for (let i = at + 1; i <= count + 1; i++) addTo(rows[i]!, query, riskPerMs)
  }

  /** Accuracy that a ms of delay puts at risk for a query; undefined if it takes no time from others. */
  private lookAt(query: Query, { aheadMs }: Row, paths: Paths, version: number) {
    const { rest, deadlineMs } = query
    if (rest.epoch !== version) settle(query, paths, version, this.stations.length)
    rest.isLate = false
    if (!rest.servable || rest.poolMs === 0) return undefined
    const beginsMs = this.beginsMs(aheadMs, rest.stationMs, rest.leadMs)
    const waitingEndMs = this.nowMs + beginsMs + Math.max(rest.chainMs, rest.poolMs)
    const endMs = Math.max(waitingEndMs, rest.runningEndMs)
    const variance = varianceOf(query, beginsMs)
    const chance = chanceOf(deadlineMs - endMs, variance)
    // The threshold of admission: every admitted query is counted.
    rest.isLate = chance < admit.least
    return rest.isLate ? undefined : riskPerMs(query, chance, variance)
  }

  /** ms of each station for queries due before this one; without `seq`, before one that arrives now. */
  aheadOf(deadlineMs: number, seq = Infinity): readonly number[] {
    return this.rows[this.firstAfter(deadlineMs, seq - 1)]!.aheadMs
  }

  /**
   * ms of a station, among the last `queries` queries due before this one, for tasks that cannot begin until
   * another task ends. Pass the number of queries that run at a time.
   */
  lockedMs({ deadlineMs, seq }: Query, station: number, queries: number): number {
    const { rows } = this
    const at = this.firstAfter(deadlineMs, seq - 1)
    const before = at > queries ? rows[at - queries]!.lockedMs[station]! : 0
    return rows[at]!.lockedMs[station]! - before
  }

  /** Accuracy that a ms of delay of each station puts at risk for queries due later. */
  riskBehind(deadlineMs: number, seq = Infinity): readonly number[] {
    const { rows, count } = this
    const before = rows[this.firstAfter(deadlineMs, seq)]!.riskPerMs
    return rows[count]!.riskPerMs.map((all, s) => all - before[s]!)
  }

  /** Row of the first query due later; at equal deadlines, the first that arrived later. */
  private firstAfter(deadlineMs: number, seq: number): number {
    const { rows } = this
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      const row = rows[middle]!
      const isBefore = row.deadlineMs < deadlineMs ||
        (row.deadlineMs === deadlineMs && row.seq <= seq)
      if (isBefore) low = middle + 1
      else high = middle
    }
    return low
  }

  /**
   * ms that a query waits behind the work ahead: the longest wait of the stations it needs.
   *
   * @param leadMs ms until the query reaches each station that is not its first
   */
  beginsMs(ahead: readonly number[], own: readonly number[], leadMs?: readonly number[]): number {
    const { stations } = this
    let most = 0
    for (let s = 0; s < stations.length; s++) {
      if (!(own[s]! > 0)) continue
      most = Math.max(most, stations[s]!.beginsMs(ahead[s]!) - (leadMs?.[s] ?? 0))
    }
    return most
  }
}

const emptyRow = (): Row => ({
  deadlineMs: Infinity,
  seq: Infinity,
  aheadMs: [],
  lockedMs: [],
  riskPerMs: [],
})

function clear(row: Row, stations: number): void {
  for (const sums of [row.aheadMs, row.lockedMs, row.riskPerMs]) {
    sums.length = 0
    for (let s = 0; s < stations; s++) sums.push(0)
  }
}

function copy(from: Row, to: Row): void {
  const stations = from.aheadMs.length
  to.aheadMs.length = to.lockedMs.length = to.riskPerMs.length = stations
  for (let s = 0; s < stations; s++) {
    to.aheadMs[s] = from.aheadMs[s]!
    to.lockedMs[s] = from.lockedMs[s]!
    to.riskPerMs[s] = from.riskPerMs[s]!
  }
}

function addTo(row: Row, { rest }: Query, riskPerMs: number): void {
  for (let s = 0; s < row.aheadMs.length; s++) {
    const ms = rest.stationMs[s]!
    row.aheadMs[s]! += ms
    row.lockedMs[s]! += rest.lockedMs[s]!
    if (ms > 0) row.riskPerMs[s]! += riskPerMs
  }
}

function varianceOf({ shape, slackMs, rest }: Query, waitMs: number): number {
  const jitter = price.jitter * Math.min(shape.pipeline.sloMs, slackMs)
  const queue = admit.spread * waitMs
  return rest.variance + jitter * jitter + queue * queue + 0.25
}

/** Worth that a query loses per ms of delay, in accuracy. */
function riskPerMs({ slackMs, share }: Query, chance: number, variance: number): number {
  const late = price.served * price.slope * chance * (1 - chance) / Math.sqrt(variance)
  return late + share * price.wait / Math.max(slackMs, 1)
}

/** Notes in a query the station time it still needs, for one version of the paths. */
function settle(query: Query, paths: Paths, version: number, stations: number): void {
  const { rest, items, level } = query
  rest.epoch = version
  rest.poolMs =
    rest.chainMs =
    rest.runningEndMs =
    rest.variance =
      0
  rest.servable = true
  if (rest.stationMs.length !== stations) {
    rest.stationMs = zeros(stations)
    rest.lockedMs = zeros(stations)
    rest.leadMs = zeros(stations)
  }
  const needs = rest.stationMs.fill(0)
  const leads = rest.leadMs.fill(Infinity)
  const locked = rest.lockedMs.fill(0)
  for (let i = query.firstOpen; i < items.length; i++) {
    const item = items[i]!
    if (item.state === 'done') continue
    let own: readonly number[]
    let later: readonly number[]
    let lead: readonly number[] | undefined
    if (item.state === 'queued') {
      const quickest = paths.quickest(item.way, level)
      if (quickest === undefined) {
        rest.servable = false
        continue
      }
      own = quickest.stationMs
      later = quickest.laterMs
      lead = quickest.leadMs
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
      if (own[s]! > 0) leads[s] = Math.min(leads[s]!, lead?.[s] ?? 0)
    }
  }
  for (let s = 0; s < stations; s++) rest.poolMs = Math.max(rest.poolMs, needs[s]!)
}
