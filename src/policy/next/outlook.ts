/**
 * The outlook: prices, paths, who rests, and how much is queued, as of a moment. Worked out when asked
 * for, and kept as long as it holds.
 *
 * @module
 */
import type { FanOut } from '../demand/fanout.ts'
import type { Flights } from '../flight/flights.ts'
import { createCapacityReport } from '../frontier/problem.ts'
import type { Pool } from '../pool.ts'
import type { Capacity, Layout } from '../pool/capacity.ts'
import type { Ready } from '../pool/ready.ts'
import { applyRest } from '../pool/rest.ts'
import { type Group, isOverdue, readyAtMs } from '../pool/slots.ts'
import type { Query } from '../queue/query.ts'
import type { DeadlineQueue } from '../queue/queue.ts'
import type { Waiting } from '../queue/waiting.ts'
import { leastSloMs, type Shapes } from '../shape.ts'
import type { PolicyCommand } from '../types.ts'
import { Backlog } from './backlog.ts'
import { DeadlineTest } from './deadline_test.ts'
import { Deficits } from './deficits.ts'
import type { Demands } from './demands.ts'
import { Market } from './market.ts'
import { backlog as B, price } from './params.ts'
import { Paths } from './paths.ts'
import type { Problem } from './program.ts'
import { Rest } from './rest.ts'
import { Stations } from './stations.ts'
import { termsOf } from './terms.ts'
import type { Sight, Terms } from './value.ts'

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
  /** Nodes were put into classes anew. */
  classified(capacity: Capacity): void
}

/** Factors are taken in steps of this: what was worked out for one is found again. */
const FACTOR_STEP = 1 / 32
/** A deadline test holds for such a share of the shortest SLO; queries that are let in are added. */
const FRESH = 0.02
/** The rates are looked at for a jump no more often than this, in ms. */
const RATES_MS = 10
/** The demand may have fallen by so many queries a second more than by its share, before it jumped. */
const JUMP_PER_S = 2

export class Outlook {
  private layout: Layout | undefined
  private epoch = -1
  private solvedMs = -Infinity
  private ratesMs = -Infinity
  private rates: number[] = []
  private market!: Market
  /** With those that rest. */
  private whole!: Market
  private stations: Stations | undefined
  private paths!: Paths
  private version = 0
  private prices = new Map<number, number[]>()
  private pricedFor = NaN
  private testedMs = -Infinity
  private stale = true
  private readonly test = new DeadlineTest()
  private readonly deficits = new Deficits()
  private readonly backlog: Backlog
  private readonly rest: Rest
  private readonly reportOf: ReturnType<typeof createCapacityReport>

  constructor(private readonly parts: OutlookParts) {
    this.reportOf = createCapacityReport(parts.shapes, parts.fanOut)
    this.backlog = new Backlog(parts)
    this.rest = new Rest(parts.shapes)
  }

  /** A query was let in. */
  joined(query: Query): void {
    this.test.add(query, this.paths, this.version)
  }

  /** What is served changed. */
  renew(): void {
    this.parts.pool.renew()
    this.solvedMs = -Infinity
    this.stale = true
  }

  /** Makes all of this hold for now. */
  capacity(nowMs: number): Capacity {
    const { pool, ready, emit } = this.parts
    const { capacity } = pool.capacity(nowMs)
    if (capacity.layout !== this.layout) {
      this.layout = capacity.layout
      this.parts.classified(capacity)
      applyRest(capacity, this.rest.awake, emit, nowMs)
      ready.rebuild(capacity.layout, nowMs)
    }
    if (capacity.epoch !== this.epoch || this.isDue(nowMs)) this.solve(capacity, nowMs)
    return capacity
  }

  private isDue(nowMs: number): boolean {
    if (nowMs - this.solvedMs >= price.everyMs) return true
    if (nowMs - this.ratesMs < RATES_MS) return false
    this.ratesMs = nowMs
    return this.parts.demands.levelsPerS(nowMs).some((rate, p) => {
      const before = this.rates[p] ?? 0
      return Math.abs(rate - before) > price.jump * before + (rate < before ? JUMP_PER_S : 0)
    })
  }

  private solve(capacity: Capacity, nowMs: number): void {
    const { shapes, demands, ready, emit } = this.parts
    const anew = capacity.epoch !== this.epoch
    this.epoch = capacity.epoch
    this.solvedMs = this.ratesMs = nowMs
    this.rates = demands.levelsPerS(nowMs)
    const report = this.reportOf(capacity)
    const problem: Problem = {
      ...report,
      demands: demands.now(nowMs),
      duties: capacity.groups.map((group) => heardDuty(group, nowMs)),
    }
    this.whole = new Market(shapes, problem, this.whole?.found())
    if (anew || this.stations === undefined) {
      this.stations = new Stations(shapes, this.inBatches(problem, capacity), this.stations)
    }
    this.rest.decide(this.whole, this.backlogShare(nowMs), nowMs)
    for (const slot of applyRest(capacity, this.rest.awake, emit, nowMs)) ready.touch(slot, nowMs)
    this.market = this.rest.awake.size === 0
      ? this.whole
      : new Market(shapes, this.rest.reduced(problem), this.market?.found())
    this.prices.clear()
    this.pricedFor = NaN
    const parts = {
      capacity,
      market: this.whole,
      stations: this.stations,
      fanOut: this.parts.fanOut,
    }
    this.paths = new Paths({ ...parts, batchMs: this.parts.batchMs() }, this.pricesFor(1))
    this.version++
    this.stale = true
  }

  /** The problem with items in batches that take least time for each, as they are where much waits. */
  private inBatches(problem: Problem, { services }: Capacity): Problem {
    const { shapes, maxBatch } = this.parts
    return {
      ...problem,
      services: problem.services.map((own, v) => {
        const mostMs = B.batchShare * (shapes.variants[v]?.task.pipeline.pipeline.sloMs ?? 0)
        return own.map((one, i) => {
          const { latencyMs } = services[v]!.servers[i]!
          let costMs = latencyMs(1)
          for (let n = 2; n <= maxBatch && latencyMs(n) <= mostMs; n *= 2) {
            costMs = Math.min(costMs, latencyMs(n) / n)
          }
          return { ...one, costMs }
        })
      }),
    }
  }

  private backlogShare(nowMs: number): number {
    if (this.market === undefined || this.paths === undefined) return 0
    return this.backlog.share(this.market, this.paths, nowMs)
  }

  /** Share of the capacity that is planned with, as the backlog has it. */
  private factor(nowMs: number): number {
    const missing = B.usual - this.backlogShare(nowMs)
    const factor = 1 + (missing > 0 ? B.shorter : B.longer) * missing
    return Math.round(factor / FACTOR_STEP) * FACTOR_STEP
  }

  private pricesFor(factor: number): number[] {
    let prices = this.prices.get(factor)
    if (prices === undefined) {
      prices = this.market.pricesAt(factor)
      if (this.market !== this.whole) {
        const { duties } = this.market.problem
        const others = this.whole.pricesAt(factor)
        prices = prices.map((one, g) => duties[g]! > 0 ? one : others[g]!)
      }
      this.prices.set(factor, prices)
    }
    return prices
  }

  /** What decisions of this moment read. */
  sight(nowMs: number): Sight {
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
      terms: (item) =>
        last?.item === item ? last : last = termsOf(item, test, this.paths, this.stations!, nowMs),
    }
  }

  /** The deadline test of this moment. */
  deadlines(nowMs: number): DeadlineTest {
    const capacity = this.capacity(nowMs)
    if (this.stale || nowMs - this.testedMs > FRESH * leastSloMs(this.parts.shapes)) {
      const busy = this.busyOf(capacity, nowMs)
      this.test.scan(this.parts.queries, this.paths, this.version, busy, nowMs)
      this.stale = false
      this.testedMs = nowMs
    }
    return this.test
  }

  private busyOf({ groups, slotCount }: Capacity, nowMs: number) {
    const { flights } = this.parts
    const { of, count } = this.stations!
    if (count === 1) return [{ lefts: flights.busy.leftsMs(nowMs), slots: Math.max(1, slotCount) }]
    const busy = Array.from({ length: count }, () => ({ lefts: [] as number[], slots: 0 }))
    groups.forEach(({ slots }, g) => {
      const own = busy[of[g]!]!
      own.slots += slots.length
      for (const slot of slots) {
        if (slot.batches.length > 0) own.lefts.push(readyAtMs(slot, nowMs) - nowMs)
      }
    })
    for (const { lefts } of busy) lefts.sort((a, b) => a - b)
    return busy
  }

  /** What the time that a query needs of each station would be worth to others now. */
  worthOf(stationMs: readonly number[], deadlineMs: number, nowMs: number): number {
    const risks = this.deadlines(nowMs).riskBehind(deadlineMs)
    const { groups } = this.market.problem
    const prices = this.pricesFor(this.factor(nowMs))
    let worth = stationMs.reduce((sum, ms, s) => sum + ms * risks[s]!, 0)
    groups.forEach(({ duty }, g) => worth += duty * prices[g]! * stationMs[this.stations!.of[g]!]!)
    return worth
  }

  /** Slots' worth of work of the pipelines with a shorter SLO than `mostMs`, and the shortest SLO. */
  hasty(mostMs: number, own: string): { load: number; sloMs: number } {
    let [load, sloMs] = [0, Infinity]
    let p = 0
    for (const shape of this.parts.shapes.pipelines.values()) {
      const rate = this.rates[p++] ?? 0
      if (shape.name === own || shape.pipeline.sloMs > mostMs) continue
      load += rate * (this.market.taskMs[shape.root.index] ?? 0) / 1000
      sloMs = Math.min(sloMs, shape.pipeline.sloMs)
    }
    return { load, sloMs }
  }

  /** Behind a prefix, for who asks outside of decisions. */
  pathsAt(nowMs: number): Paths {
    this.capacity(nowMs)
    return this.paths
  }

  charge(...args: Parameters<Deficits['charge']>): void {
    this.deficits.charge(...args)
  }

  /** The plan with all slots, and how many of each group are to be awake where not all are. */
  planned(): { market: Market; awake: ReadonlyMap<string, number> } | undefined {
    return this.whole === undefined ? undefined : { market: this.whole, awake: this.rest.awake }
  }
}

/** Of a slot that is not heard of, as it may be gone. */
const SILENT_DUTY = 0.1

/** Slots' worth of time of a group. */
function heardDuty({ duty, slots }: Group, nowMs: number): number {
  const silent = slots.filter((slot) => isOverdue(slot, nowMs)).length
  return duty * (1 - (1 - SILENT_DUTY) * silent / slots.length)
}
