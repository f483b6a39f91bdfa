/**
 * Terms of an item that hold for every choice: its share of its query, the cost of waiting, the work
 * ahead of the tasks that follow it, and the accuracy that its slot time puts at risk.
 *
 * @module
 */
import type { Item } from '../state/query.ts'
import type { TaskShape } from '../core/graph.ts'
import type { Deadlines } from '../admit/deadlines.ts'
import { price } from '../price/params.ts'
import type { Paths } from '../price/paths.ts'
import type { Stations } from '../price/stations.ts'
import { waits } from '../use/params.ts'
import type { Terms } from './value.ts'

export function termsOf(
  item: Item,
  test: Deadlines,
  paths: Paths,
  stations: Stations,
  nowMs: number,
): Terms {
  const { query, task, way, deadlineMs } = item
  const { shape, level, share } = query
  const slackMs = Math.min(shape.pipeline.sloMs, query.slackMs)
  const weight = 1 / query.countAt[task.depth]!
  const jitter = price.jitter * slackMs
  const stationRisk = test.riskBehind(deadlineMs, query.seq)
  const { of, duties } = stations
  const follows = followsOf(item, paths.quickest(way, level)?.laterMs, test, stations)
  return {
    item,
    weight,
    share,
    stationRisk,
    waitPerMs: share * weight * price.wait * waits[query.prefer] / Math.max(slackMs, 1),
    variance: jitter * jitter + 0.25,
    followsAtMs: nowMs + follows.beginsMs,
    behindMs: follows.behindMs,
    slotRisk: of.map((s) => stationRisk[s]! / duties[s]!),
  }
}

/** How long the tasks that follow an item wait behind more urgent queries, in ms. */
function followsOf(
  { task, query }: Item,
  laterMs: readonly number[] = [],
  test: Deadlines,
  stations: Stations,
): { beginsMs: number; behindMs: number } {
  if (task.next.length === 0) return { beginsMs: 0, behindMs: 0 }
  const running = slotsOf(task, stations)
  let behindMs = 0
  for (let s = 0; s < laterMs.length; s++) {
    if (laterMs[s]! > 0) behindMs = Math.max(behindMs, test.lockedMs(query, s, running))
  }
  return { beginsMs: test.beginsMs(test.aheadOf(query.deadlineMs, query.seq), laterMs), behindMs }
}

/** Most slots of a station that serves a task. */
function slotsOf({ variants }: TaskShape, { times, slots }: Stations): number {
  return variants.reduce((most, { index }) => {
    const time = times[index]
    return time === undefined ? most : Math.max(most, slots[time.station] ?? 0)
  }, 1)
}
