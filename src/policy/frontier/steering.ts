/**
 * Steering: follows the demand and works out, each 100 ms and on jumps, the mix of paths, what a
 * slot's time is worth, and how many slots should be awake.
 *
 * @module
 */
import { createDemand, type Demand, type Peak } from '../demand/demand.ts'
import type { Floor } from '../demand/floors.ts'
import { createCaution } from '../profile/caution.ts'
import { leastSloMs, type Shapes } from '../shape.ts'
import { createAim } from './aim.ts'
import type { Directive } from './directive.ts'
import { drainFactor, drainLevel, isDraining } from './drain.ts'
import { isAllServed, type Mix } from './mix.ts'
import type { Report } from './report.ts'
import { createScaling } from './scaling.ts'
import { emptyMix, type Solve } from './solve.ts'

export interface Steering {
  /** One pipeline more, and one less. */
  open(pipeline: string): void
  close(pipeline: string): void
  /** The demand for one is from now on the demand for the other. */
  follow(from: string, to: string): void
  /** A query arrived, which may ask for a least accuracy. */
  count(pipeline: string, nowMs: number, floor?: number): void
  /**
   * Whether the mix should be worked out anew: time has passed, the pool or the demand jumped.
   *
   * @param settleMs the pool may go on changing so long before it counts as changed
   */
  isDue(epoch: number, settleMs: number, nowMs: number): boolean
  /** When a pool that changed since is to be looked at, should nothing happen before; else Infinity. */
  settledAtMs(epoch: number, settleMs: number): number
  /**
   * Takes what a dispatcher saw since its last report, and decides anew.
   *
   * @param changing slots change what they hold: what ends meanwhile says nothing of the next while
   */
  decide(report: Report, epoch: number, changing: boolean, nowMs: number): Directive
  /** Whether to look at the queue: the mix follows that more often than it is worked out anew. */
  isTuneDue(nowMs: number): boolean
  /** The mix for a queue, in shares of SLOs; undefined where the one in force is right. */
  tune(queue: number, nowMs: number): Directive | undefined
  /** Queries per second to plan for, in the order of the pipelines. */
  ratesPerS(nowMs: number): number[]
  /** What slots that cannot hold all are to hold something for, likewise. */
  toPlace(nowMs: number): PlaceDemand[]
  /** Of that, what a placement is asked for anew when it rises: rates, and how many floors there are. */
  toPlaceSigns(nowMs: number): number[]
  /** Of each pipeline, for the plan that is shown. */
  seen(): ReadonlyMap<string, Readonly<Recent>>
  readonly directive: Directive | undefined
}

/** Of one pipeline, to place for. */
export interface PlaceDemand {
  ratePerS: number
  peak: Peak
  floors: Floor[]
}

/** Of one pipeline. */
export interface Recent {
  demand: Demand
  /** What the mix in force was made for. */
  plannedPerS: number
}

const FRONTIER_MS = 100
/** How often the queue is looked at: it grows and shrinks within a tenth of an SLO. */
const TUNE_MS = 10
/** A demand above what the mix was made for by this factor and so many queries is a jump. */
const JUMP = 1.25
const JUMP_PER_S = 2
/** After a rise by this factor what ends within so many times the shortest SLO is no lesson. */
const RISE = 1.15
const SETTLING = 2
/** In square roots of the rate: what a window of a part of a second strays by. */
const CHANCE = 2
/** Some way is planned for a pipeline that nobody asks for. */
const LEAST_PER_S = 0.01

export function createSteering(
  shapes: Shapes,
  startPerS: { readonly [pipeline: string]: number } = {},
): Steering {
  const demandFor = (name: string, startPerS = 0) =>
    createDemand(startPerS, shapes.pipelines.get(name)?.pipeline.sloMs)
  const recent = new Map<string, Recent>(
    [...shapes.pipelines.keys()].map((name) => [
      name,
      { demand: demandFor(name, startPerS[name]), plannedPerS: 0 },
    ]),
  )
  const aim = createAim()
  const caution = createCaution()
  const scaling = createScaling(shapes)
  let decidedMs = -Infinity
  let tunedMs = -Infinity
  /** What the mix in force was made from, but for the queue, and with it those made for other queues. */
  let tuning:
    | { aim: number; solve: Solve; mixes: Map<number, Mix> }
    | undefined
  /** How long the queue was when it was last looked at; see `frontier/drain.ts`. */
  let level = 0
  let decidedEpoch = -1
  /** When demand last rose from one decision to the next, or a slot last changed what it holds. */
  let changedMs = -Infinity
  let directive: Directive | undefined

  const levelsPerS = (nowMs: number) =>
    [...recent.values()].map(({ demand }) => Math.max(demand.levelPerS(nowMs), LEAST_PER_S))

  const ratesPerS = (nowMs: number) =>
    [...recent.values()].map(({ demand }) => Math.max(demand.ratePerS(nowMs), LEAST_PER_S))

  const toPlace = (nowMs: number) =>
    [...recent.values()].map(({ demand }) => ({
      ratePerS: Math.max(demand.ratePerS(nowMs), LEAST_PER_S),
      peak: demand.peak(nowMs),
      floors: demand.floors(nowMs),
    }))

  const toPlaceSigns = (nowMs: number) => [
    ...ratesPerS(nowMs),
    ...[...recent.values()].map(({ demand }) => demand.floorCount()),
  ]

  const settledAtMs = (epoch: number, settleMs: number) =>
    decidedEpoch === epoch ? Infinity : decidedMs + settleMs

  function isDue(epoch: number, settleMs: number, nowMs: number): boolean {
    if (nowMs - decidedMs >= FRONTIER_MS || settledAtMs(epoch, settleMs) <= nowMs) return true
    for (const { demand, plannedPerS } of recent.values()) {
      if (demand.levelPerS(nowMs) > JUMP * plannedPerS + JUMP_PER_S) return true
    }
    return false
  }

  /** The mix in force, made for a queue of the present level. */
  function levelMix(): Mix | undefined {
    const { aim, solve, mixes } = tuning!
    let mix = mixes.get(level)
    if (mix === undefined) {
      mix = solve(aim * drainFactor(level))
      if (mix === undefined) return undefined
      mix.drains = isDraining(level)
      mixes.set(level, mix)
    }
    return mix
  }

  function tune(queue: number, nowMs: number): Directive | undefined {
    if (directive === undefined || tuning === undefined) return undefined
    tunedMs = nowMs
    const wanted = drainLevel(queue)
    if (wanted === level) return undefined
    level = wanted
    const mix = levelMix()
    return mix === undefined ? undefined : directive = { ...directive, mix }
  }

  function decide(report: Report, epoch: number, changing: boolean, nowMs: number): Directive {
    decidedMs = nowMs
    decidedEpoch = epoch
    const refusing = new Set(
      directive?.mix.pipelines.filter((mix) => !isAllServed(mix)).map(({ pipeline }) => pipeline),
    )
    let finished = 0
    let tight = 0
    let missed = 0
    for (const seen of report.pipelines) {
      // Refused though the mix meant to serve all: it planned with more than there is.
      const refused = refusing.has(seen.pipeline) ? 0 : seen.refused
      finished += seen.served + seen.missed + refused
      tight += seen.tight
      missed += seen.missed + refused
    }
    const rates = levelsPerS(nowMs)
    let p = 0
    for (const row of recent.values()) {
      const rate = rates[p++]!
      const { plannedPerS } = row
      // More than chance does with arrivals that are independent.
      if (rate > RISE * plannedPerS + CHANCE * Math.sqrt(plannedPerS)) changedMs = nowMs
      row.plannedPerS = rate
    }
    if (changing) changedMs = nowMs
    const atBest = directive === undefined || directive.mix.load < 0.9
    // Queries that a jump found inside say nothing of the share that was planned with.
    if (nowMs >= changedMs + SETTLING * leastSloMs(shapes)) {
      aim.learn(finished, tight, missed, atBest)
      // With no way left that is quicker, keeping more of their time makes batches smaller, and more late.
      const atLeast = refusing.size > 0
      caution.learn(finished, atLeast ? 0 : missed, atBest || atLeast, nowMs)
    }
    const whole = { ...report.capacity, ratesPerS: rates, aim: aim.value }
    level = drainLevel(report.queue)
    const circumstances = { keep: caution.keep, queue: report.queue, epoch, nowMs }
    const solve = scaling.decide(whole, circumstances)
    tuning = { aim: whole.aim, solve, mixes: new Map() }
    tunedMs = nowMs
    const mix = levelMix() ?? directive?.mix ?? emptyMix(shapes, whole)
    scaling.addOthers(whole, mix, nowMs)
    const { awake, prices } = scaling
    const ratesPerS = new Map([...recent.keys()].map((name, p) => [name, rates[p]!]))
    return directive = { epoch, mix, prices, awake, keep: caution.keep, ratesPerS }
  }

  return {
    count: (pipeline, nowMs, floor) => recent.get(pipeline)?.demand.count(nowMs, floor),
    open: (pipeline) => void recent.set(pipeline, { demand: demandFor(pipeline), plannedPerS: 0 }),
    close: (pipeline) => void recent.delete(pipeline),
    follow(from, to) {
      const [before, after] = [recent.get(from), recent.get(to)]
      if (before === undefined || after === undefined) return
      after.demand = before.demand
      before.demand = demandFor(from)
    },
    isDue,
    settledAtMs,
    isTuneDue: (nowMs) => nowMs - tunedMs >= TUNE_MS,
    tune,
    decide,
    ratesPerS,
    toPlace,
    toPlaceSigns,
    seen: () => recent,
    get directive() {
      return directive
    },
  }
}
