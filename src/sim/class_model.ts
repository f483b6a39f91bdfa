/**
 * What a device class of a scenario comes to for the nodes of that class.
 *
 * @module
 */
import { tasksInOrder } from '../pipeline/tree.ts'
import type { LatencyPoint, VariantRef } from '../policy/types.ts'
import { latencyOf, pointList } from './latency.ts'
import { pointsOf, type Scenario } from './scenario.ts'
import { keyOf } from './slot.ts'

export interface ClassModel {
  able: (VariantRef & { memoryBytes?: number })[]
  latency: Map<string, (batch: number) => number>
  points: { ref: VariantRef; points: LatencyPoint[] }[]
  all: boolean
  room: number
  swapMs: number
  roundTripMs: number
}

export function modelOf(scenario: Scenario, name: string): ClassModel {
  const given = scenario.classes[name]!
  const { instancesPerNode, swapMs, roundTripMs } = given
  const all = instancesPerNode === 'all'
  const model: ClassModel = {
    able: [],
    latency: new Map(),
    points: [],
    all,
    room: instancesPerNode === 'all' ? Infinity : instancesPerNode,
    swapMs,
    roundTripMs,
  }
  for (const { pipeline } of scenario.workloads) {
    for (const task of tasksInOrder(pipeline)) {
      for (const variant of Object.keys(pipeline.tasks[task]!.variants)) {
        const points = pointsOf(given, task, variant)
        if (points === undefined) continue
        const ref = { pipeline: pipeline.name, task, variant }
        // A slot that holds n variants is one whose memory fits n of size one.
        model.able.push(all ? ref : { ...ref, memoryBytes: 1 })
        model.latency.set(keyOf(ref), latencyOf(points))
        model.points.push({ ref, points: pointList(points) })
      }
    }
  }
  return model
}
