/**
 * What a device class of a scenario comes to for the nodes of that class.
 *
 * @module
 */
import { tasksInOrder } from '../pipeline/tree.ts'
import type { LatencyPoint, VariantRef } from '../policy/core/types.ts'
import { latencyBetween, latencyOf, pointList } from './latency.ts'
import { pointsOf, type Scenario } from './scenario.ts'
import { keyOf } from './slot.ts'
import { toldOf } from './told.ts'

export interface ClassModel {
  able: (VariantRef & { memoryBytes?: number })[]
  latency: Map<string, (batch: number) => number>
  /** What the nodes say. */
  points: { ref: VariantRef; points: LatencyPoint[] }[]
  /** What they say that a batch took, for what it took. */
  saidMs(key: string, batch: number, tookMs: number): number
  all: boolean
  room: number
  swapMs: number
  roundTripMs: number
  duty: number
}

export function modelOf(scenario: Scenario, name: string): ClassModel {
  const given = scenario.classes[name]!
  const { instancesPerNode, swapMs, roundTripMs, duty } = given
  const all = instancesPerNode === 'all'
  const told = toldOf(scenario, name)
  const model: ClassModel = {
    able: [],
    latency: new Map(),
    points: [],
    saidMs: (_key, _batch, tookMs) => tookMs,
    all,
    room: instancesPerNode === 'all' ? Infinity : instancesPerNode,
    swapMs,
    roundTripMs,
    duty,
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
        model.points.push({ ref, points: told(task, variant, pointList(points)) })
      }
    }
  }
  if (scenario.told?.mean === 'always') {
    const said = new Map(
      // Of what has no point that is small enough nothing is said beforehand.
      model.points.filter(({ points }) => points.length > 0)
        .map(({ ref, points }) => [keyOf(ref), latencyBetween(points)]),
    )
    model.saidMs = (key, batch, tookMs) => {
      const saidMs = said.get(key)?.(batch)
      return saidMs === undefined ? tookMs : tookMs * saidMs / model.latency.get(key)!(batch)
    }
  }
  return model
}
