/**
 * What real batches took, per variant and batch size: more than the model alone, which is nearly all
 * that measuring sees.
 *
 * @module
 */
import { latencyOf, newSeries, note, type ProfilePoint, type Series } from './series.ts'

export interface RealBatches {
  ran(key: string, batch: number, computeMs: number): void
  /** Of this variant, at whatever sizes. */
  count(key: string): number
  /** Whether a size was asked for often enough that measuring it would add nothing. */
  knows(key: string, batch: number): boolean
  /** Figures of the sizes that it knows. */
  points(key: string): ProfilePoint[]
  /** Per item beyond the model, whose single run takes `singleMs`. */
  beyondMs(key: string, singleMs: number): number | undefined
  remove(key: string): void
  clear(): void
}

/** Real batches of a size after which its figure is theirs. */
export const ENOUGH_BATCHES = 5

export function createRealBatches(): RealBatches {
  const all = new Map<string, Map<number, Series>>()
  const sizesOf = (key: string) => [...all.get(key)?.values() ?? []]

  return {
    ran(key, batch, computeMs) {
      const sizes = all.get(key) ?? new Map<number, Series>()
      all.set(key, sizes)
      const series = sizes.get(batch) ?? newSeries(key, batch)
      sizes.set(batch, series)
      note(series, computeMs)
    },
    count: (key) => sizesOf(key).reduce((sum, { runs }) => sum + runs, 0),
    knows: (key, batch) => (all.get(key)?.get(batch)?.runs ?? 0) >= ENOUGH_BATCHES,
    points: (key) =>
      sizesOf(key).filter(({ runs }) => runs >= ENOUGH_BATCHES)
        .map((series) => ({ batch: series.batch, latencyMs: latencyOf(series) })),
    beyondMs(key, singleMs) {
      const sizes = sizesOf(key)
      if (sizes.length === 0) return undefined
      let sumMs = 0
      let runs = 0
      for (const series of sizes) {
        sumMs += series.runs * Math.max(0, latencyOf(series) / series.batch - singleMs)
        runs += series.runs
      }
      return sumMs / runs
    },
    remove: (key) => void all.delete(key),
    clear: () => all.clear(),
  }
}
