/**
 * The outlook: prices, paths, levels of use and backlog at a moment. Computed when read, and kept while
 * valid.
 *
 * @module
 */
import type { FanOut } from './estimate/fanout.ts'
import type { Flights } from './state/flights.ts'
import type { Pool } from './state/pool.ts'
import type { Capacity, Layout } from './state/capacity.ts'
import type { Ready } from './state/ready.ts'
import { applyLevels } from './state/in_use.ts'
import type { Query } from './state/query.ts'
import type { DeadlineQueue } from './state/queue.ts'
import type { Waiting } from './state/waiting.ts'
import { leastSloMs, type Shapes } from './core/graph.ts'
import type { NodeId, PolicyCommand } from './core/types.ts'
import { admit } from './admit/params.ts'
import { Backlog } from './price/backlog.ts'
import { busyOf } from './admit/coming_free.ts'
import { Deadlines } from './admit/deadlines.ts'
import { Deficits } from './dispatch/deficits.ts'
import type { Demands } from './estimate/demands.ts'
import { Fairness } from './price/fairness.ts'
import { Market } from './price/market.ts'
import { backlog as B, price } from './price/params.ts'
import { Paths } from './price/paths.ts'
import { type Problem, responsiveDuty, supplyOf } from './price/problem.ts'
import { Preferred } from './use/preferred.ts'
import type { Cold } from './use/recruiting.ts'
import { Use } from './use/use.ts'
import { energyPrices } from './use/energy.ts'
import { use } from './use/params.ts'
import { inBatches, Stations } from './price/stations.ts'
import { leavesRoom } from './dispatch/bounds.ts'
import { dispatch } from './dispatch/params.ts'
import { termsOf } from './dispatch/terms.ts'
import type { DispatchContext, Terms } from './dispatch/value.ts'

export interface OutlookParts {
  shapes: Shapes
  pool: Pool
  ready: Ready
  flights: Flights
  queries: DeadlineQueue<Query>
  waiting: Waiting
  fanOut: FanOut
  demands: Demands
  maxBatch: number
  batchMs(): number
  emit(command: PolicyCommand): void
  /** Some node was put into a class for the first time. */
  classified(): void
  preferred: Preferred
  cold(nowMs: number): Cold
  /** Loads `count` cold nodes; and releases a node after a long rest. */
  recruit(count: number): void
  release(node: NodeId): void
}

export class Outlook {
  private layout: Layout | undefined
  private epoch = -1
  private solvedMs = -Infinity
  private ratesMs = -Infinity
  private rates: number[] = []
  private market!: Market
  /** The market including resting slots. */
  private whole!: Market
  private stations: Stations | undefined
  private paths!: Paths
  private version = 0
  private prices = new Map<number, number[]>()
  private pricedFor = NaN
  private testedMs = -Infinity
  private stale = true
  private readonly test = new Deadlines()
  private readonly deficits = new Deficits()
  private readonly backlog: Backlog
  readonly fairness: Fairness
  private readonly use: Use

  constructor(private readonly parts: OutlookParts) {
    this.backlog = new Backlog(parts)
    this.use = new Use(parts.shapes)
    this.fairness = new Fairness(parts.shapes)
  }

  /** Takes in a query that was admitted. */
  joined(query: Query): void {
    this.test.add(query, this.paths, this.version)
  }

  /** The pipelines changed. */
  renew(): void {
    this.parts.pool.capacities.renew()
    this.solvedMs = -Infinity
    this.stale = true
  }

  /** Brings the outlook up to date, and returns the capacity. */
  capacity(nowMs: number): Capacity {
    const { pool, ready, emit } = this.parts
    const capacity = pool.capacities.at(nowMs)
    if (capacity.layout !== this.layout) {
      this.layout = capacity.layout
      this.stale = true
      if (capacity.layout.hasNew) this.parts.classified()
      applyLevels(capacity, this.use.levels, emit, nowMs)
      ready.rebuild(capacity.layout, nowMs)
    }
    if (capacity.epoch !== this.epoch || this.isDue(nowMs)) this.solve(capacity, nowMs)
    return capacity
  }

  private isDue(nowMs: number): boolean {
    if (nowMs - this.solvedMs >= price.everyMs) return true
    if (nowMs - this.ratesMs < price.ratesMs) return false
    this.ratesMs = nowMs
    return this.parts.demands.levelsPerS(nowMs).some((rate, p) => {
      const before = this.rates[p] ?? 0
      return Math.abs(rate - before) > price.jump * before + (rate < before ? price.jumpPerS : 0)
    })
  }

  private solve(capacity: Capacity, nowMs: number): void {
    const { shapes, fanOut, demands } = this.parts
    const anew = capacity.epoch !== this.epoch
    this.epoch = capacity.epoch
    this.solvedMs = this.ratesMs = nowMs
    this.rates = demands.levelsPerS(nowMs)
    // All slots at full duty: the deadline test knows for each silent slot when it may come free.
    const all: Problem = {
      ...supplyOf(shapes, capacity, fanOut),
      demands: demands.now(nowMs),
      leastPerMs: energyPrices(capacity, this.parts.preferred.now(nowMs)),
    }
    const problem = { ...all, duties: capacity.groups.map((group) => responsiveDuty(group, nowMs)) }
    this.whole = new Market(shapes, problem, this.whole?.found())
    if (anew || this.stations === undefined) {
      this.stations = new Stations(
        shapes,
        inBatches(shapes, all, capacity, this.parts.maxBatch),
        this.stations,
      )
    }
    this.scale(capacity, nowMs)
    this.market = this.use.levels.size === 0
      ? this.whole
      : new Market(shapes, this.use.reduced(problem, capacity), this.market?.found())
    this.prices.clear()
    this.pricedFor = NaN
    const parts = {
      capacity,
      market: this.whole,
      stations: this.stations,
      fanOut: this.parts.fanOut,
    }
    this.paths = new Paths({ ...parts, batchMs: this.parts.batchMs() }, this.pricesFor(1))
    this.fairness.share(this.rates, this.paths)
    this.version++
  }

  /** Decides the levels of use, and applies them. */
  private scale(capacity: Capacity, nowMs: number): void {
    const { emit, ready, preferred, pool, cold, recruit, release, waiting } = this.parts
    this.use.decide({
      capacity,
      whole: this.whole,
      share: this.backlogShare(nowMs),
      ...{ preferred, hasPatient: waiting.hasPatient },
      cold: cold(nowMs),
      nowMs,
    })
    for (const slot of applyLevels(capacity, this.use.levels, emit, nowMs)) ready.touch(slot, nowMs)
    if (this.use.recruits > 0) recruit(this.use.recruits)
    for (const { id, restsSinceMs, presence } of pool.nodes.values()) {
      if (nowMs - restsSinceMs >= use.releaseMs && presence === 'warm') release(id)
    }
  }

  private backlogShare(nowMs: number): number {
    // A single query delays no other.
    if (this.paths === undefined || this.parts.queries.length < 2) return 0
    return this.backlog.share(this.market, this.paths, nowMs)
  }

  /** Share of the capacity to plan with: the backlog beyond the usual counts as demand. */
  private factor(nowMs: number): number {
    const beyond = this.backlogShare(nowMs) - B.usual
    const load = this.market.loadShare
    const factor = beyond < 0 ? 1 - B.shorter * beyond : load / (load + B.longer * beyond)
    return 2 ** (Math.round(Math.log2(factor) * B.factorSteps) / B.factorSteps)
  }

  private pricesFor(factor: number): number[] {
    let prices = this.prices.get(factor)
    if (prices === undefined) {
      prices = this.market.pricesAt(factor)
      if (this.market !== this.whole) {
        // A resting slot can be called, so a price is at most the price with all slots plus the call.
        const callPerMs = dispatch.call / this.parts.batchMs()
        const { duties } = this.market.problem
        const whole = this.whole.pricesAt(factor)
        prices = prices.map((one, g) =>
          duties[g]! > 0 ? Math.min(one, whole[g]! + callPerMs) : whole[g]!
        )
      }
      this.prices.set(factor, prices)
    }
    return prices
  }

  /** Input of the decisions at this moment. */
  context(nowMs: number): DispatchContext {
    const capacity = this.capacity(nowMs)
    const factor = this.factor(nowMs)
    const prices = this.pricesFor(factor)
    if (factor !== this.pricedFor) {
      this.pricedFor = factor
      this.paths.price(prices)
    }
    this.deficits.adopt(this.market, factor)
    const test = this.deadlines(nowMs)
    let last: Terms | undefined
    return {
      nowMs,
      capacity,
      market: this.market,
      paths: this.paths,
      deficits: this.deficits,
      prices,
      isBehind: factor < 1,
      briefMs: dispatch.brief * leastSloMs(this.parts.shapes),
      terms: (item) =>
        last?.item === item ? last : last = termsOf(item, test, this.paths, this.stations!, nowMs),
    }
  }

  /** The current deadline test. */
  deadlines(nowMs: number): Deadlines {
    const { shapes, queries } = this.parts
    const capacity = this.capacity(nowMs)
    const holdsMs = admit.holds * leastSloMs(shapes) + admit.holdsPerQueryMs * queries.length
    if (this.stale || nowMs - this.testedMs > holdsMs) {
      const busy = busyOf(capacity, this.stations!, nowMs)
      this.test.scan(queries, this.paths, this.version, busy, nowMs)
      this.stale = false
      this.testedMs = nowMs
    }
    return this.test
  }

  /** Price of the station time that a query needs, and the accuracy it puts at risk. */
  worthOf(stationMs: readonly number[], deadlineMs: number, nowMs: number) {
    const risks = this.deadlines(nowMs).riskBehind(deadlineMs)
    const { duties } = this.stations!.problem
    const prices = this.pricesFor(this.factor(nowMs))
    let price = 0
    duties.forEach((duty, g) => price += duty * prices[g]! * stationMs[this.stations!.of[g]!]!)
    return { price, risk: stationMs.reduce((sum, ms, s) => sum + ms * risks[s]!, 0) }
  }

  /** Whether a batch of `takesMs` leaves enough slots to pipelines with a shorter SLO. */
  leavesRoom(own: string, takesMs: number, nowMs: number): boolean {
    const hasty = { load: 0, sloMs: Infinity }
    let p = 0
    for (const { name, pipeline: { sloMs }, root } of this.parts.shapes.pipelines.values()) {
      const rate = this.rates[p++] ?? 0
      if (name === own || sloMs > takesMs / dispatch.long) continue
      hasty.load += rate * (this.market.taskMs[root.index] ?? 0) / 1000
      hasty.sloMs = Math.min(hasty.sloMs, sloMs)
    }
    return leavesRoom(hasty, this.capacity(nowMs), nowMs)
  }

  /** Current paths, for readers outside of dispatch decisions. */
  pathsAt(nowMs: number): Paths {
    this.capacity(nowMs)
    return this.paths
  }

  charge(...args: Parameters<Deficits['charge']>): void {
    this.deficits.charge(...args)
  }

  /** The plan with all slots, and the number of nodes with slots in use. */
  planned(): { market: Market; awake: number } | undefined {
    if (this.whole === undefined) return undefined
    const nodes = [...this.parts.pool.nodes.values()]
    const awake = nodes.filter(({ paused, inUse }) => !paused && inUse.slots > 0).length
    return { market: this.whole, awake }
  }
}
