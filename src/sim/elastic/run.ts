/**
 * Elastic scaling in virtual time: a pipeline of stages, one queue before each, first come, first
 * served; instances that have cores each. Apart from the simulator of pools, whose nodes neither have
 * cores nor begin.
 *
 * @module
 */
import type { Coefficients, Scaler, ScalerOptions, Stage } from '../../peers/scalers.ts'
import { createVirtualTime } from '../events.ts'
import { createRandom, lognormal, type Random, seedFor } from '../random.ts'
import { createInstances, type Instances } from './instances.ts'

export interface ElasticScene {
  stages: readonly (Stage & { coefficients?: Coefficients })[]
  sloMs: number
  /** Arrivals in each second: so many, at random moments of it, or evenly spaced. */
  perS: readonly number[]
  even?: boolean
  /** From asking for an instance until it serves. */
  coldMs: number
  /**
   * What is dropped before it runs: what the policy says, or, for all policies alike, what even alone
   * in its batches would not be through in time.
   */
  drops: 'own' | 'hopeless'
  /** Coefficient of variation of each batch's latency, lognormal with mean 1. */
  latencyCv: number
  seed: number
}

export interface ElasticResult {
  roots: number
  late: number
  dropped: number
  violationRatio: number
  /** Mean over seconds of those that were late or dropped in it over those that came, 1 at most. */
  violationsBySecond: number
  /** Cores held, those of starting instances included. */
  coreSeconds: number
  meanCores: number
  mostCores: number
  /** At the end of each second. */
  coresAt: number[]
}

interface Queue {
  stage: Stage
  instances: Instances
  /** When each item arrived, first in the pipeline and then here; `from` is the first that waits. */
  items: { bornMs: number; sinceMs: number }[]
  from: number
  wakesAtMs: number
}

/** So long the first item of a batch waits for others, as in Themis's artifact. */
const FILL_MS = 50
/** What is not done so long after the last arrival is late. */
const AFTER_MS = 120_000
/** Arrivals are counted by halves of a second: the shortest step of a policy. */
const BIN_MS = 500

/** What a policy knows of the beginning: the busiest of so many seconds. */
const FIRST_S = 5

export const optionsOf = ({ stages, sloMs, perS }: ElasticScene): ScalerOptions => ({
  stages,
  sloMs,
  firstPerS: Math.max(...perS.slice(0, FIRST_S)),
  peakPerS: Math.max(...perS),
})

export function runElastic(scene: ElasticScene, scaler: Scaler): ElasticResult {
  const { stages, sloMs, perS, coldMs, seed } = scene
  const time = createVirtualTime()
  const noise = createRandom(seedFor(seed, 'noise'))
  const endMs = perS.length * 1000
  const bins: number[] = []
  const lostIn: number[] = perS.map(() => 0)
  const count = { roots: 0, done: 0, late: 0, dropped: 0 }
  const coresAt: number[] = []
  let coreMs = 0
  let mostCores = 0
  let heldSinceMs = 0
  let held = 0

  const queues: Queue[] = stages.map((stage, i): Queue => ({
    stage,
    instances: createInstances({
      time,
      coldMs,
      first: scaler.first[i]!,
      changed: () => serve(i),
    }),
    items: [],
    from: 0,
    wakesAtMs: -1,
  }))
  countCores()

  function countCores(): void {
    const nowMs = Math.min(time.nowMs, endMs)
    coreMs += held * (nowMs - heldSinceMs)
    heldSinceMs = nowMs
    held = queues.reduce((sum, { instances }) => sum + instances.coresHeld(), 0)
    mostCores = Math.max(mostCores, held)
  }

  function lose(as: 'late' | 'dropped', number = 1): void {
    count[as] += number
    lostIn[Math.min(perS.length - 1, Math.floor(time.nowMs / 1000))]! += number
  }

  /** The least time that an item needs from this stage on. */
  function leastMs(at: number): number {
    return queues.slice(at).reduce(
      (sum, { stage, instances }) => sum + stage.latencyMs(1, instances.present().cores),
      0,
    )
  }

  function dropsFrom(at: number): (bornMs: number) => boolean {
    if (scene.drops === 'hopeless') {
      const needsMs = leastMs(at)
      return (bornMs) => time.nowMs + needsMs > bornMs + sloMs
    }
    const { dropAfterMs } = scaler
    return (bornMs) => dropAfterMs !== undefined && time.nowMs - bornMs > dropAfterMs
  }

  function serve(at: number): void {
    const queue = queues[at]
    if (queue === undefined) return
    const { items, instances, stage } = queue
    if (!instances.hasIdle()) return
    const isDropped = dropsFrom(at)
    while (instances.hasIdle()) {
      while (queue.from < items.length && isDropped(items[queue.from]!.bornMs)) {
        queue.from++
        lose('dropped')
      }
      const waiting = items.length - queue.from
      if (waiting === 0) break
      const batch = instances.batch()
      const dueMs = items[queue.from]!.sinceMs + FILL_MS
      if (waiting < batch && time.nowMs < dueMs) {
        if (queue.wakesAtMs !== dueMs) time.at(dueMs, () => serve(at))
        queue.wakesAtMs = dueMs
        break
      }
      const taken = items.slice(queue.from, queue.from + batch)
      queue.from += taken.length
      const instance = instances.take()!
      const tookMs = stage.latencyMs(taken.length, instance.cores) *
        lognormal(noise, scene.latencyCv)
      time.at(time.nowMs + tookMs, () => {
        instances.giveBack(instance)
        for (const { bornMs } of taken) pass(bornMs, at + 1)
        serve(at)
      })
    }
    if (queue.from > 1000) {
      items.splice(0, queue.from)
      queue.from = 0
    }
  }

  function pass(bornMs: number, at: number): void {
    if (at === queues.length) {
      if (time.nowMs - bornMs > sloMs) lose('late')
      else count.done++
      return
    }
    queues[at]!.items.push({ bornMs, sinceMs: time.nowMs })
    serve(at)
  }

  for (const arrival of arrivalsOf(scene, createRandom(seedFor(seed, 'arrivals')))) {
    time.at(arrival, () => {
      count.roots++
      const bin = Math.floor(arrival / BIN_MS)
      bins[bin] = (bins[bin] ?? 0) + 1
      pass(arrival, 0)
    })
  }
  // Before that there is no whole second to go by.
  for (let atMs = 1000; atMs < endMs; atMs += scaler.everyMs) {
    time.at(atMs, () => {
      const targets = scaler.decide({
        perS: secondsBack(bins, atMs),
        stages: queues.map(({ instances }) => instances.present()),
      })
      targets?.forEach((target, i) => {
        const { instances } = queues[i]!
        instances.apply(target)
      })
      countCores()
    })
  }
  for (let second = 1; second <= perS.length; second++) {
    time.run(second * 1000)
    countCores()
    coresAt.push(held)
  }
  time.run(endMs + AFTER_MS)
  lose('late', count.roots - count.done - count.late - count.dropped)
  const shares = perS.map((arrived, i) => Math.min(1, lostIn[i]! / Math.max(1, arrived)))
  return {
    roots: count.roots,
    late: count.late,
    dropped: count.dropped,
    violationRatio: (count.late + count.dropped) / Math.max(1, count.roots),
    violationsBySecond: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    coreSeconds: coreMs / 1000,
    meanCores: coreMs / endMs,
    mostCores,
    coresAt,
  }
}

/** Most that a policy looks back. */
const BACK_S = 30

function secondsBack(bins: readonly number[], nowMs: number): number[] {
  const last = nowMs / BIN_MS
  const seconds = Math.min(BACK_S, Math.floor(nowMs / 1000))
  return Array.from(
    { length: seconds },
    (_, back) => (bins[last - 2 * back - 1] ?? 0) + (bins[last - 2 * back - 2] ?? 0),
  )
}

export function arrivalsOf({ perS, even }: ElasticScene, random: Random): number[] {
  return perS.flatMap((arrived, second) =>
    Array.from(
      { length: arrived },
      (_, i) => (second + (even ? (i + 0.5) / arrived : random())) * 1000,
    ).sort((a, b) => a - b)
  )
}
