/**
 * What a query still needs of the pool, whatever of it waits, runs or is yet to come.
 *
 * @module
 */
import type { Stations } from '../pool/stations.ts'
import type { Query } from '../queue/query.ts'
import type { Prefix, Way } from '../shape.ts'
import type { Least, Quickest, Tails } from './tails.ts'

/**
 * Works out what the query still needs, going the quickest way; for this epoch, until it changes.
 *
 * @param stations where slots do not hold the same
 */
export function settle(
  { rest, items, firstOpen, level, shape }: Query,
  epoch: number,
  tails: Tails,
  stations: Stations | undefined,
): void {
  let poolMs = 0
  let firstMs = 0
  let chainMs = 0
  let afterMs = 0
  let runningEndMs = 0
  let servable = true
  // Siblings stand together, and what holds for one does for the next.
  let way: Way | undefined
  let quickest: Quickest | undefined
  let bound: Prefix | undefined
  let least: Least | undefined
  const { stationMs } = rest
  if (stations !== undefined) shape.tasks.forEach((_, i) => stationMs[i] = 0)
  for (let i = firstOpen; i < items.length; i++) {
    const item = items[i]!
    if (item.state === 'done') continue
    if (item.state === 'queued') {
      if (way !== item.way) {
        way = item.way
        quickest = tails.quickest(way, level)
      }
      if (quickest === undefined) {
        servable = false
        continue
      }
      poolMs += quickest.poolMs
      if (stations !== undefined) add(stationMs, stations.ofWaiting(way!, level))
      if (i === 0) firstMs = quickest.firstMs
      chainMs = Math.max(chainMs, quickest.chainMs)
      afterMs = Math.max(afterMs, i === 0 ? quickest.afterMs : quickest.chainMs)
    } else if (item.bound !== null) {
      if (bound !== item.bound) {
        bound = item.bound
        least = tails.least(bound, level)
      }
      if (least!.chainMs === Infinity) {
        servable = false
        continue
      }
      poolMs += least!.poolMs
      if (stations !== undefined) add(stationMs, stations.ofRunning(bound, level))
      runningEndMs = Math.max(runningEndMs, item.endsAtMs + least!.chainMs)
    }
  }
  rest.epoch = epoch
  rest.poolMs = poolMs
  rest.firstMs = firstMs
  rest.chainMs = chainMs
  rest.afterMs = afterMs
  rest.runningEndMs = runningEndMs
  rest.servable = servable
}

function add(sums: number[], more: readonly number[]): void {
  for (let i = 0; i < more.length; i++) sums[i] = sums[i]! + more[i]!
}
