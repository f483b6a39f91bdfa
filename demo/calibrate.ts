/**
 * What a pool carries, found out by asking: with the most accurate path alone, and with whatever
 * serves most. The demand of the demo is made of these two, so that it suits any machine.
 *
 * @module
 */
import type { Pipeline } from '../src/pipeline/schema.ts'
import { shapesOf } from '../src/policy/core/graph.ts'
import { loadInProcess } from './load/process.ts'
import { tally } from './load/tally.ts'
import type { Asked, Body, LoadOrder } from './load/types.ts'
import type { Scene } from './scene.ts'

export interface Capacity {
  /** Queries a second that the most accurate path carries. */
  bestPerS: number
  /** What it came to. */
  bestAccuracy: number
  /** Queries a second answered in time at the highest demand that was tried, at any accuracy. */
  mostPerS: number
}

export interface CalibrateOptions {
  pipeline: Pipeline
  bodies: readonly Body[]
  /** For each of the three parts. */
  seconds: number
}

/** Under way at once for each slot: enough that none is idle. */
const AT_ONCE = 3
/** Demand that is tried, in multiples of what the most accurate path carries. */
const TRIED = 8
/** The load generator and the coordinator share the machine with the nodes. */
const MOST_PER_S = 600

export async function calibrate(scene: Scene, options: CalibrateOptions): Promise<Capacity> {
  const { pipeline: { name: pipeline, sloMs }, bodies, seconds } = options
  const { localUrl: url, pool } = scene.coordinator
  const slots = pool.nodes().reduce((sum, node) => sum + node.slots, 0)

  const bestFloor = bestFloorOf(options.pipeline, pool.held().flatMap((held) => [...held]))

  async function asked(order: Partial<LoadOrder>): Promise<Asked[]> {
    const all: Asked[] = []
    await loadInProcess({ url, pipeline, ...order } as LoadOrder, bodies, (one) => all.push(one))
    return all
  }

  // Warm first: code is compiled, profiles are corrected.
  await asked({ atOnce: 2 * slots, seconds })
  // A deadline that no wait behind others can miss.
  const best = await asked({
    atOnce: AT_ONCE * slots,
    seconds,
    timeoutMs: 60_000,
    minAccuracy: bestFloor,
  })
  const { onTimePerS, effectiveAccuracy } = tally(best, 60_000)
  const bestPerS = Math.max(0.1, onTimePerS)
  const tried = { binSeconds: seconds, rates: [Math.min(MOST_PER_S, TRIED * bestPerS)] }
  const most = await asked({ trace: tried, arrivals: 'even', seed: 0 })
  // Their deadlines run beyond the last second.
  const served = tally(most, sloMs).onTime / seconds
  return {
    bestPerS,
    bestAccuracy: effectiveAccuracy ?? bestFloor,
    mostPerS: Math.max(bestPerS, served),
  }
}

/**
 * The highest least accuracy that can be asked for of what is held: it leaves the most accurate path
 * alone. What no node here can hold, as half precision without a GPU, does not count.
 *
 * @param held as `slot pipeline task variant`
 */
export function bestFloorOf(pipeline: Pipeline, held: readonly string[]): number {
  const isHeld = new Set(held.map((one) => one.split(' ').slice(1).join(' ')))
  const tasks = Object.entries(pipeline.tasks).map(([task, one]) => [task, {
    ...one,
    variants: Object.fromEntries(
      Object.entries(one.variants)
        .filter(([variant]) => isHeld.has(`${pipeline.name} ${task} ${variant}`)),
    ),
  }])
  const alone = { ...pipeline, tasks: Object.fromEntries(tasks) }
  return shapesOf([alone]).pipelines.get(pipeline.name)!.bestFloor
}
