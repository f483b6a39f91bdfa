/**
 * Measures held variants while nothing else is to be done, quick figures first.
 *
 * WebAssembly starts slow and is recompiled while it runs: a figure counts as settled after 20 runs
 * or 3 seconds of them.
 *
 * @module
 */
import { type Clock, createSleeper } from './clock.ts'
import type { Measured } from './slot.ts'

export interface ProfilePoint {
  batch: number
  latencyMs: number
}

export interface ProfilerOptions {
  clock: Clock
  /** One run, or nothing when it had to give way. */
  measure(key: string, batch: number): Promise<Measured | undefined>
  /** How long measuring has to keep off yet; `undefined` while there is work (`kick` comes later). */
  holdOffMs(): number | undefined
  /** Points whose figures are new, per variant. */
  report(points: ReadonlyMap<string, ProfilePoint[]>): void
  /** Something else to measure once each variant has a quick figure; asked again until 'done'. */
  detour?(): Promise<'done' | 'disturbed'>
  duty: number
  batches?: readonly number[]
  /** A run of more than one item that is expected to take longer is not tried. */
  maxProbeMs?: number
}

export interface Profiler {
  /** A variant became ready; `warmMs` is a first figure of it. */
  add(key: string, warmMs: number): void
  remove(key: string): void
  /**
   * A real batch ran. What it took beyond the model (decoding, boxes, crops) goes into the figures;
   * after a few, no more are sent: the coordinator then knows better from the batches themselves.
   */
  ran(key: string, batch: number, computeMs: number): void
  /** Held variants with their quickest figure, quickest first. */
  byLatency(): { key: string; latencyMs: number }[]
  /** Looks for something to measure. */
  kick(): void
  stop(): void
}

interface Series {
  key: string
  batch: number
  /** Latest runs, oldest first. */
  recentMs: number[]
  runs: number
  totalMs: number
  failures: number
}

const QUICK_RUNS = 3
const SETTLED_RUNS = 20
const SETTLED_MS = 3000
const REPORT_EVERY_MS = 2000
/** Real batches of a variant after which its measuring is no more than a check. */
const ENOUGH_BATCHES = 5

export function createProfiler(options: ProfilerOptions): Profiler {
  const { clock } = options
  const sleeper = createSleeper(clock)
  const batches = options.batches ?? [1, 2, 4, 8]
  const maxProbeMs = options.maxProbeMs ?? 250
  const all = new Map<string, Series[]>()
  const fresh = new Set<string>()
  /** Beside the model, per item, as real batches showed. */
  const around = new Map<string, { ms: number; batches: number }>()
  let looping = false
  let stopped = false
  const detour = options.detour ?? (() => Promise.resolve('done' as const))
  let detourDone = false
  let reportedMs = clock.nowMs()

  const settled = ({ runs, totalMs, failures }: Series) =>
    runs >= SETTLED_RUNS || totalMs >= SETTLED_MS || failures >= 3

  /** Quick figures of all before settled ones of any; among equals the least measured. */
  function next(): Series | undefined {
    let best: Series | undefined
    for (const series of all.values()) {
      const single = latencyOf(series[0]!)
      for (const one of series) {
        if (
          settled(one) || (around.get(one.key)?.batches ?? 0) >= ENOUGH_BATCHES ||
          (one.batch > 1 && single * one.batch > maxProbeMs)
        ) continue
        const ahead = best === undefined || rank(one) < rank(best) ||
          (rank(one) === rank(best) && one.runs < best.runs)
        if (ahead) best = one
      }
    }
    return best
  }

  const rank = ({ runs, batch }: Series) => runs < QUICK_RUNS ? (batch === 1 ? 0 : 1) : 2

  async function loop(): Promise<void> {
    if (looping || stopped) return
    looping = true
    try {
      while (!stopped && all.size > 0) {
        const series = next()
        const quick = series === undefined || rank(series) > 0
        if (series === undefined && detourDone) break
        const holdOffMs = options.holdOffMs()
        if (holdOffMs === undefined) return
        if (holdOffMs > 0) {
          await sleeper.pause(holdOffMs)
        } else if (quick && !detourDone) {
          report()
          detourDone = await detour() === 'done'
        } else if (series !== undefined) {
          await measure(series)
          if (quick && clock.nowMs() - reportedMs >= REPORT_EVERY_MS) report()
        }
      }
      if (!stopped) report()
    } finally {
      looping = false
    }
  }

  async function measure(series: Series): Promise<void> {
    const { key, batch } = series
    const fromMs = clock.nowMs()
    const measured = await options.measure(key, batch)
    if (measured === undefined) {
      // Work came, or the run failed; a variant that always fails must not be tried for ever.
      if (options.holdOffMs() === 0) series.failures++
      return
    }
    series.failures = 0
    note(series, measured.runMs * batch / measured.rows)
    if (measured.rows < batch) {
      // Items run one by one: what one takes says it all.
      all.set(key, all.get(key)!.slice(0, 1))
    }
    const tookMs = clock.nowMs() - fromMs
    if (options.duty < 1) await sleeper.pause(tookMs * (1 / options.duty - 1))
  }

  function note(series: Series, ms: number): void {
    series.recentMs.push(ms)
    if (series.recentMs.length > 10) series.recentMs.shift()
    series.runs++
    series.totalMs += ms
    fresh.add(series.key)
  }

  function report(): void {
    reportedMs = clock.nowMs()
    const points = new Map<string, ProfilePoint[]>()
    for (const key of fresh) {
      const measured = all.get(key)?.filter(({ recentMs }) => recentMs.length > 0) ?? []
      if (measured.length === 0) continue
      const { ms, batches } = around.get(key) ?? { ms: 0, batches: 0 }
      if (batches >= ENOUGH_BATCHES) continue
      points.set(
        key,
        measured.map((one) => ({ batch: one.batch, latencyMs: latencyOf(one) + ms * one.batch })),
      )
    }
    fresh.clear()
    if (points.size > 0) options.report(points)
  }

  return {
    add(key, warmMs) {
      if (all.has(key)) return
      const series = batches.map((batch) => (
        { key, batch, recentMs: [], runs: 0, totalMs: 0, failures: 0 }
      ))
      all.set(key, series)
      if (warmMs > 0) {
        options.report(new Map([[key, [{ batch: 1, latencyMs: warmMs }]]]))
      }
    },
    remove(key) {
      all.delete(key)
      fresh.delete(key)
      around.delete(key)
    },
    ran(key, batch, computeMs) {
      const single = all.get(key)?.[0]
      if (single === undefined || single.recentMs.length === 0) return
      const known = around.get(key) ?? { ms: 0, batches: 0 }
      const batches = known.batches + 1
      const beyondMs = Math.max(0, computeMs / batch - latencyOf(single))
      around.set(key, { batches, ms: known.ms + (beyondMs - known.ms) / batches })
      fresh.add(key)
    },
    byLatency: () =>
      [...all.values()]
        .map(([single]) => ({ key: single!.key, latencyMs: latencyOf(single!) }))
        .filter(({ latencyMs }) => latencyMs > 0)
        .sort((a, b) => a.latencyMs - b.latencyMs),
    kick: () => void loop(),
    stop() {
      stopped = true
      sleeper.wake()
    },
  }
}

/** Median of the latest runs; 0 before the first. */
function latencyOf({ recentMs }: Series): number {
  const sorted = recentMs.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
