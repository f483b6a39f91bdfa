/**
 * Stations: the slots that hold a variant of a task, as queueing theory calls servers with one queue.
 *
 * The time of the whole pool that work takes is what it costs by the prices of groups, and these say
 * where the pool falls short when demand grows as planned. Where slots hold only some variants chance
 * can have a thousand items wait for slots that are cheap by these prices, as many as they do in the
 * time of a query, while those that are dear have nothing to do. Whatever the prices, nothing is done
 * sooner than by all slots of its task at nothing else: that is what each station has to do. Of that
 * much is yet to come, and is done as it comes: whoever is new gets there after as long, so a station
 * holds it up by what it has to do beyond the time until then.
 *
 * @module
 */
import type { FanOut } from '../demand/fanout.ts'
import type { PipelineShape, Prefix, TaskShape, Way } from '../shape.ts'
import type { Capacity } from './capacity.ts'
import type { Group } from './slots.ts'

export interface Stations {
  /** Milliseconds of all slots that serve the task, for one item; 0 where none does. */
  itemMs(task: TaskShape): number
  /** Of an item that waits, with what follows, going the quickest way: by position of the task. */
  ofWaiting(way: Way, level: number): readonly number[]
  /** Likewise what follows an item that is served so. */
  ofRunning(prefix: Prefix, level: number): readonly number[]
  /**
   * Of an item that waits, going the quickest way through an idle pool, by position of the task: how
   * long after it is done itself what follows may begin with each task, and all be in as soon.
   */
  laterMs(way: Way, level: number): readonly number[]
}

/** What stations are told of ways through the pool. */
export interface Ways {
  /** What the quickest way does such an item with; undefined where nothing can. */
  quickest(way: Way, level: number): { prefix: Prefix; afterMs: number } | undefined
  /** The shortest time for all items of a child task after one item, with what follows from them. */
  branchMs(prefix: Prefix, child: number, level: number): number
}

/** By level, by index of the way or prefix. */
type Known = (readonly number[] | undefined)[][]

export function createStations(
  capacity: Capacity,
  fanOut: FanOut,
  { quickest, branchMs }: Ways,
): Stations {
  const items: number[] = []
  const waiting: Known = []
  const running: Known = []
  const later: Known = []

  const itemMs = (task: TaskShape) =>
    items[task.index] ??= 1 / itemsPerMs(task.variants.map(({ index }) => index), capacity)

  const ofWaiting = (way: Way, level: number) =>
    (waiting[level] ??= [])[way.index] ??= findWaiting(way, level)

  const ofRunning = (prefix: Prefix, level: number) =>
    (running[level] ??= [])[prefix.index] ??= findRunning(prefix, level)

  function findWaiting(way: Way, level: number): readonly number[] {
    const found = quickest(way, level)
    if (found === undefined) return []
    const { task } = way
    const ms = [...ofRunning(found.prefix, level)]
    ms[task.position] = ms[task.position]! + itemMs(task)
    return ms
  }

  function findRunning({ variant, ways }: Prefix, level: number): readonly number[] {
    const ms = variant.task.pipeline.tasks.map(() => 0)
    ways.forEach((way, child) => {
      const count = fanOut.mean(variant, child)
      ofWaiting(way, level).forEach((one, i) => ms[i] = ms[i]! + count * one)
    })
    return ms
  }

  function findLater(way: Way, level: number): readonly number[] {
    const ms: number[] = way.task.pipeline.tasks.map(() => 0)
    const found = quickest(way, level)
    if (found === undefined) return ms
    const follow = (prefix: Prefix): void => {
      prefix.ways.forEach((next, child) => {
        ms[next.task.position] = Math.max(0, found.afterMs - branchMs(prefix, child, level))
        const further = quickest(next, level)
        if (further !== undefined) follow(further.prefix)
      })
    }
    follow(found.prefix)
    return ms
  }

  return {
    itemMs,
    ofWaiting,
    ofRunning,
    laterMs: (way, level) => (later[level] ??= [])[way.index] ??= findLater(way, level),
  }
}

/** Of variants of one task, each group with the one that it does most with; Infinity where none can. */
export function itemsPerMs(variants: readonly number[], { services }: Capacity): number {
  const rates = new Map<Group, number>()
  for (const index of variants) {
    for (const { group, costMs } of services[index]?.servers ?? []) {
      rates.set(group, Math.max(rates.get(group) ?? 0, group.duty / costMs))
    }
  }
  return [...rates.values()].reduce((sum, rate) => sum + rate, 0) || Infinity
}

/** Adds what a query has to come, of such a pipeline, to what stations have to do. */
export function addTo(
  stationMs: number[],
  { tasks }: PipelineShape,
  ownMs: readonly number[],
): void {
  for (let i = 0; i < ownMs.length; i++) {
    const { index } = tasks[i]!
    stationMs[index] = (stationMs[index] ?? 0) + ownMs[i]!
  }
}

/** Batches grow as a queue does, and an item costs less then: so much of it is reckoned with. */
const RECKONED = 0.9

/**
 * How long work ahead holds up a query of this pipeline: by prices, or by the station that does most
 * of all that its items come to.
 *
 * @param aheadMs of all that is to come, `poolMs`, what stands before it
 * @param laterMs of its root, as {@linkcode Stations} say
 */
export function behindStationsMs(
  aheadMs: number,
  { poolMs, stationMs }: { poolMs: number; stationMs: readonly number[] },
  { tasks }: PipelineShape,
  laterMs: readonly number[],
): number {
  if (poolMs === 0) return aheadMs
  const reckoned = RECKONED * aheadMs / poolMs
  let mostMs = aheadMs
  for (const { index, position } of tasks) {
    mostMs = Math.max(mostMs, reckoned * (stationMs[index] ?? 0) - laterMs[position]!)
  }
  return mostMs
}
