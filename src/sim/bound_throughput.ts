/**
 * The best that a slot of a class can do with a variant, with all threads that it can have: items a
 * second at the batch size that gives most of them and still leaves time for the rest of the pipeline.
 *
 * @module
 */
import { taskOf } from '../pipeline/tree.ts'
import { latencyOf } from './latency.ts'
import { pointsOf, type Scenario } from './scenario.ts'
import type { NodeClass } from './scenario_schema.ts'
import { slownessesOf } from './slowness.ts'
import { mostThreadsOf, threadsShareOf } from './threads.ts'

export interface Throughput {
  /** Position of the pipeline in the scenario. */
  workload: number
  /** `TASK/VARIANT` */
  key: string
  class: string
  perS: number
}

const LARGEST_BATCH = 64

/** What a node's slots do together at the most, in slots that have it for themselves. */
export function mostSlotsWorth({ slots = 1, sharing = [1] }: NodeClass): number {
  const together = Array.from(
    { length: slots },
    (_, i) => (i + 1) * sharing[Math.min(i, sharing.length - 1)]!,
  )
  return Math.max(...together)
}

/** Of every variant on every class in use that can end within the SLO at all. */
export function throughputs(scenario: Scenario): Throughput[] {
  return scenario.workloads.flatMap((_, workload) => throughputsOf(scenario, workload))
}

function throughputsOf(scenario: Scenario, workload: number): Throughput[] {
  const { workloads, classes, pool } = scenario
  const { pipeline } = workloads[workload]!
  const inUse = [...new Set(pool.filter(({ count }) => count > 0).map((row) => row.class))]
  const slownesses = new Map(inUse.map((name) => [name, slownessesOf(scenario, name)]))

  function latency(name: string, task: string, variant: string) {
    const points = pointsOf(classes[name]!, task, variant)
    if (points === undefined) return undefined
    const computeMs = latencyOf(points)
    const quickest = slownesses.get(name)!.reduce((least, one) => Math.min(least, one))
    const share = threadsShareOf(classes[name]!, task, variant)
    const most = mostThreadsOf(classes[name]!)
    return (batch: number, slowness = quickest) =>
      computeMs(batch) * slowness * share(batch, most) + classes[name]!.roundTripMs
  }

  /** Least time of one item of the task, with all that comes after it or without. */
  const leastMs = (task: string, after: boolean): number => {
    const { variants, next } = taskOf(pipeline, task)
    const own = Object.keys(variants).flatMap((variant) =>
      inUse.map((name) => latency(name, task, variant)?.(1) ?? Infinity)
    )
    const rest = after ? next.map((child) => leastMs(child, true)) : []
    return Math.min(...own) + Math.max(0, ...rest)
  }

  const found: Throughput[] = []
  function visit(task: string, beforeMs: number): void {
    const { variants, next } = taskOf(pipeline, task)
    const afterMs = Math.max(0, ...next.map((child) => leastMs(child, true)))
    for (const variant of Object.keys(variants)) {
      for (const name of inUse) {
        const ms = latency(name, task, variant)
        if (ms === undefined) continue
        const { roundTripMs, duty } = classes[name]!
        const ofOne = (slowness: number) => {
          let most = 0
          for (let batch = 1; batch <= LARGEST_BATCH; batch++) {
            const tookMs = ms(batch, slowness)
            if (beforeMs + tookMs + afterMs > pipeline.sloMs) continue
            // While the answer travels the node works on.
            most = Math.max(most, 1000 * batch / (tookMs - roundTripMs))
          }
          return most
        }
        // Who is twice as quick is so with each variant: the mean is what the class has.
        const all = slownesses.get(name)!
        const perS = duty * all.reduce((sum, one) => sum + ofOne(one), 0) / all.length
        if (perS > 0) found.push({ workload, key: `${task}/${variant}`, class: name, perS })
      }
    }
    for (const child of next) visit(child, beforeMs + leastMs(task, false))
  }
  visit(pipeline.root, 0)
  return found
}
