/**
 * The best that a node of a class can do with a variant: items a second at the batch size that gives
 * most of them and still leaves time for the rest of the pipeline.
 *
 * @module
 */
import { taskOf } from '../pipeline/tree.ts'
import { latencyOf } from './latency.ts'
import { pointsOf, type Scenario } from './scenario.ts'

export interface Throughput {
  /** Position of the pipeline in the scenario. */
  workload: number
  /** `TASK/VARIANT` */
  key: string
  class: string
  perS: number
}

const LARGEST_BATCH = 64

/** Of every variant on every class in use that can end within the SLO at all. */
export function throughputs(scenario: Scenario): Throughput[] {
  return scenario.workloads.flatMap((_, workload) => throughputsOf(scenario, workload))
}

function throughputsOf({ workloads, classes, pool }: Scenario, workload: number): Throughput[] {
  const { pipeline } = workloads[workload]!
  const inUse = [...new Set(pool.filter(({ count }) => count > 0).map((row) => row.class))]

  function latency(name: string, task: string, variant: string) {
    const points = pointsOf(classes[name]!, task, variant)
    if (points === undefined) return undefined
    const computeMs = latencyOf(points)
    return (batch: number) => computeMs(batch) + classes[name]!.roundTripMs
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
        let perS = 0
        for (let batch = 1; batch <= LARGEST_BATCH; batch++) {
          if (beforeMs + ms(batch) + afterMs > pipeline.sloMs) continue
          // While the answer travels the node works on.
          perS = Math.max(perS, 1000 * batch / (ms(batch) - classes[name]!.roundTripMs))
        }
        perS *= classes[name]!.duty
        if (perS > 0) found.push({ workload, key: `${task}/${variant}`, class: name, perS })
      }
    }
    for (const child of next) visit(child, beforeMs + leastMs(task, false))
  }
  visit(pipeline.root, 0)
  return found
}
