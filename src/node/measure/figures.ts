/**
 * What is known of each variant's latency: measured here, remembered, or first figures only.
 *
 * @module
 */
import { createRealBatches, type RealBatches } from './batches.ts'
import { createRecall, type Recall, type RememberedRow } from './recall.ts'
import {
  bringsNothing,
  isSettled,
  latencyOf,
  newSeries,
  type ProfilePoint,
  QUICK_RUNS,
  rememberedSeries,
  type Series,
} from './series.ts'

/** A variant's figures as they are to be kept; those of an earlier time keep their date. */
export type KeptRow = Omit<RememberedRow, 'measuredAt'> & { measuredAt: string | undefined }

export interface Figures {
  readonly all: Map<string, Series[]>
  readonly real: RealBatches
  readonly recall: Recall
  add(key: string): void
  /** As {@linkcode Profiler.add} has it. True where it changes what others are thought to take. */
  warm(key: string, warmMs: number, referenceMs: number | undefined): boolean
  /** What the stage does for an item beside the model, as a sample showed it. */
  sampled(key: string, besideMs: number): void
  /** Variants with such a figure. */
  readonly warmed: ReadonlyMap<string, { warmMs: number }>
  /** Fills in what is remembered and believed; what was measured stays. */
  seed(key: string): void
  /** Takes back what was remembered; the variants of which that was so. */
  unseed(): string[]
  /** Variants quick enough: no run can be interrupted, and a batch would wait for all of it. */
  measurable(): string[]
  /** What to measure next, quick figures of all before settled ones of any. */
  next(maxProbeMs: number): Series | undefined
  /** Of variants not measured yet. */
  first(keys: Iterable<string>): Map<string, ProfilePoint[]>
  points(key: string): ProfilePoint[]
  rows(): Map<string, KeptRow>
  remove(key: string): void
  clear(): void
}

/** What is slower than this when warm is not measured; real batches will tell. */
const MAX_SINGLE_MS = 1000

/** A figure of a single item comes first, then a quick one of each size. */
export const rank = ({ runs, batch }: Series): number =>
  runs < QUICK_RUNS ? (batch === 1 ? 0 : 1) : 2

/** @param isSampled what is measured of a variant is a part of a run, and says what the whole takes */
export function createFigures(
  batches: readonly number[],
  isSampled: (key: string) => boolean = () => false,
): Figures {
  const all = new Map<string, Series[]>()
  const real = createRealBatches()
  const recall = createRecall()
  const warmed = new Map<string, { warmMs: number; referenceMs: number | undefined }>()
  const besideMs = new Map<string, number>()
  let slowness = Infinity

  const seriesOf = (key: string) => batches.map((batch) => newSeries(key, batch))

  function seed(key: string): void {
    const row = recall.believed(key)
    const series = all.get(key)
    if (row === undefined || series === undefined) return
    const filled = series.map((one) => {
      const then = row.points.find(({ batch }) => batch === one.batch)
      // What has been measured since is better.
      return then === undefined || one.runs > 0
        ? one
        : rememberedSeries(key, one.batch, then.latencyMs)
    })
    all.set(key, row.singly ? filled.slice(0, 1) : filled)
  }

  function unseed(): string[] {
    const gone: string[] = []
    for (const [key, series] of all) {
      if (!series.some(({ remembered }) => remembered)) continue
      all.set(key, seriesOf(key))
      gone.push(key)
    }
    return gone
  }

  const measurable = () =>
    [...all.keys()].filter((key) =>
      isSampled(key) || (warmed.get(key)?.warmMs ?? 0) <= MAX_SINGLE_MS
    )

  /** Quick figures of all before settled ones of any; among equals the least measured. */
  function next(maxProbeMs: number): Series | undefined {
    let best: Series | undefined
    for (const key of measurable()) {
      const series = all.get(key)!
      const single = latencyOf(series[0]!)
      for (const [i, one] of series.entries()) {
        // What one takes in the model says what batches have beyond it, whatever their size.
        const known = rank(one) > 0 && real.knows(key, one.batch)
        if (
          isSettled(one) || known ||
          (one.batch > 1 && single * one.batch > maxProbeMs && !isSampled(key)) ||
          bringsNothing(one, series.slice(0, i))
        ) continue
        const ahead = best === undefined || rank(one) < rank(best) ||
          (rank(one) === rank(best) && one.runs < best.runs)
        if (ahead) best = one
      }
    }
    return best
  }

  function first(keys: Iterable<string>): Map<string, ProfilePoint[]> {
    const figures = new Map<string, ProfilePoint[]>()
    for (const key of keys) {
      // What has been measured since is better.
      const warm = warmed.get(key)
      if (warm === undefined || all.get(key)?.[0]?.runs !== 0) continue
      const { warmMs, referenceMs } = warm
      const latencyMs = Math.min(warmMs, slowness * (referenceMs ?? Infinity))
      figures.set(key, [{ batch: 1, latencyMs }])
    }
    return figures
  }

  /** Real batches know their sizes best; others are the model and what those had beyond it. */
  function points(key: string): ProfilePoint[] {
    const found = real.points(key)
    const known = new Set(found.map(({ batch }) => batch))
    const beyond = beyondMs(key)
    for (const one of all.get(key) ?? []) {
      if (one.recentMs.length === 0 || known.has(one.batch)) continue
      found.push({ batch: one.batch, latencyMs: latencyOf(one) + beyond * one.batch })
    }
    return found.sort((a, b) => a.batch - b.batch)
  }

  /** What real batches have beyond the model, or what there is beside it with a sample. */
  function beyondMs(key: string): number {
    const single = all.get(key)?.[0]
    const seen = single !== undefined && single.recentMs.length > 0
      ? real.beyondMs(key, latencyOf(single))
      : undefined
    return seen ?? (recall.believed(key)?.beyondMs || besideMs.get(key) || 0)
  }

  function rows(): Map<string, KeptRow> {
    const rows = new Map<string, KeptRow>()
    for (const [key, series] of all) {
      const good = series.filter(({ runs }) => runs >= QUICK_RUNS)
      if (good[0]?.batch !== 1) continue
      const then = good.every(({ remembered }) => remembered) ? recall.believed(key) : undefined
      rows.set(key, {
        measuredAt: then?.measuredAt,
        points: good.map((one) => ({ batch: one.batch, latencyMs: latencyOf(one) })),
        beyondMs: beyondMs(key),
        singly: series.length === 1,
      })
    }
    return rows
  }

  return {
    all,
    real,
    recall,
    add(key) {
      if (!all.has(key)) all.set(key, seriesOf(key))
    },
    warm(key, warmMs, referenceMs) {
      const known = slowness
      warmed.set(key, { warmMs, referenceMs })
      if (referenceMs !== undefined) slowness = Math.min(slowness, warmMs / referenceMs)
      return slowness < 0.9 * known || warmed.size === 2
    },
    sampled: (key, ms) => void besideMs.set(key, ms),
    warmed,
    seed,
    unseed,
    measurable,
    next,
    first,
    points,
    rows,
    remove(key) {
      all.delete(key)
      real.remove(key)
      warmed.delete(key)
      besideMs.delete(key)
    },
    clear() {
      for (const known of [all, real, recall, warmed, besideMs]) known.clear()
      slowness = Infinity
    },
  }
}
