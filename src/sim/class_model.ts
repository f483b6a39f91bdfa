/**
 * What a device class of a scenario comes to for the nodes of that class.
 *
 * @module
 */
import { tasksInOrder } from '../pipeline/tree.ts'
import type { Elastic } from '../policy/core/elastic.ts'
import type { LatencyPoint, VariantRef } from '../policy/core/types.ts'
import { latencyBetween, latencyOf, pointList } from './latency.ts'
import { pointsOf, type Scenario } from './scenario.ts'
import { keyOf } from './slot.ts'
import { mostThreadsOf, threadsShareOf } from './threads.ts'
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
  slots: number
  /** Speed of each busy slot by how many are busy; undefined where they do not slow each other. */
  sharing: readonly number[] | undefined
  mostThreads: number
  /** Time of a batch with so many threads as a share of that with one. */
  threadsShare(key: string, batch: number, threads: number): number
  resizeMs: number
  coldMs: number
  /** Its nodes say when they have done a `scale`; and are cold again when all is unloaded. */
  isScaled: boolean
  canBeCold: boolean
  /** What a node says of it when it joins. */
  elastic: Pick<Elastic, 'threads' | 'speedups' | 'power'>
}

export function modelOf(scenario: Scenario, name: string): ClassModel {
  const given = scenario.classes[name]!
  const { instancesPerNode, swapMs, roundTripMs, duty, slots = 1, sharing, threads, power } = given
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
    slots,
    sharing,
    mostThreads: mostThreadsOf(given),
    threadsShare: () => 1,
    resizeMs: threads?.resizeMs ?? 0,
    coldMs: given.coldMs ?? swapMs,
    isScaled: slots > 1 || threads !== undefined || given.coldMs !== undefined,
    canBeCold: given.coldMs !== undefined,
    elastic: power === undefined ? {} : { power },
  }
  /** By key: as above. */
  const shares = new Map<string, (batch: number, threads: number) => number>()
  for (const { pipeline } of scenario.workloads) {
    for (const task of tasksInOrder(pipeline)) {
      for (const variant of Object.keys(pipeline.tasks[task]!.variants)) {
        const points = pointsOf(given, task, variant)
        if (points === undefined) continue
        const ref = { pipeline: pipeline.name, task, variant }
        // A slot that holds n variants is one whose memory fits n of size one.
        model.able.push(all ? ref : { ...ref, memoryBytes: 1 })
        model.latency.set(keyOf(ref), latencyOf(points))
        shares.set(keyOf(ref), threadsShareOf(given, task, variant))
        model.points.push({ ref, points: told(task, variant, pointList(points)) })
      }
    }
  }
  if (threads !== undefined) {
    model.threadsShare = (key, batch, count) => shares.get(key)!(batch, count)
    const gains = [...shares.values()]
    const speedups = Array.from(
      { length: model.mostThreads },
      (_, i) => gains.reduce((sum, share) => sum + 1 / share(1, i + 1), 0) / gains.length,
    )
    model.elastic = { ...model.elastic, threads: 1, speedups }
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
