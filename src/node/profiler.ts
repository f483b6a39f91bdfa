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
  /**
   * A variant became ready. `warmMs` is a first figure of it, often some times too high (code still
   * being compiled); `referenceMs` what the pipeline file's machine took. The least ratio of the two
   * among all variants says best how this machine compares, and corrects the others.
   */
  add(key: string, warmMs: number | undefined, referenceMs: number | undefined): void
  remove(key: string): void
  /** Forgets every figure: another engine runs the variants from now on. */
  reset(): void
  /**
   * A real batch ran. What it took beyond the model (decoding, boxes, crops) goes into the figures;
   * after a few, no more are sent: the coordinator then knows better from the batches themselves.
   */
  ran(key: string, batch: number, computeMs: number): void
  /** A new connection: the coordinator may know nothing yet. */
  again(): void
  /** Held variants with their quickest figure, quickest first. */
  byLatency(): { key: string; latencyMs: number }[]
  /** Has the detour taken once more. */
  detourAgain(): void
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
/** What is slower than this when warm is not measured; real batches will tell. */
const MAX_SINGLE_MS = 1000
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
  const warmed = new Map<string, { warmMs: number; referenceMs: number | undefined }>()
  /** Figures last sent, to send none twice. */
  const sent = new Map<string, ProfilePoint[]>()
  let slowness = Infinity
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
      // A run cannot be interrupted: a batch that comes meanwhile would wait for all of it.
      if ((warmed.get(series[0]!.key)?.warmMs ?? 0) > MAX_SINGLE_MS) continue
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
    // Given up meanwhile, or measured on an engine that is gone.
    if (all.get(key)?.includes(series) !== true) return
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

  function firstFigures(keys: readonly string[]): Map<string, ProfilePoint[]> {
    const figures = new Map<string, ProfilePoint[]>()
    for (const key of keys) {
      // What has been measured since is better.
      if (all.get(key)?.[0]?.runs !== 0) continue
      const { warmMs, referenceMs } = warmed.get(key)!
      const latencyMs = Math.min(warmMs, slowness * (referenceMs ?? Infinity))
      figures.set(key, [{ batch: 1, latencyMs }])
    }
    return figures
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
      const now = measured.map((one) => (
        { batch: one.batch, latencyMs: latencyOf(one) + ms * one.batch }
      ))
      if (isNews(sent.get(key), now)) points.set(key, now)
    }
    fresh.clear()
    points.forEach((now, key) => sent.set(key, now))
    if (points.size > 0) options.report(points)
  }

  return {
    add(key, warmMs, referenceMs) {
      if (!all.has(key)) {
        const series = batches.map((batch) => (
          { key, batch, recentMs: [], runs: 0, totalMs: 0, failures: 0 }
        ))
        all.set(key, series)
      }
      if (warmMs === undefined) return
      const known = slowness
      warmed.set(key, { warmMs, referenceMs })
      if (referenceMs !== undefined) slowness = Math.min(slowness, warmMs / referenceMs)
      // One alone proves nothing; measuring follows soon.
      if (warmed.size < 2) return
      options.report(
        firstFigures(slowness < 0.9 * known || warmed.size === 2 ? [...warmed.keys()] : [key]),
      )
    },
    remove(key) {
      all.delete(key)
      fresh.delete(key)
      around.delete(key)
      warmed.delete(key)
      sent.delete(key)
    },
    reset() {
      for (const known of [all, fresh, around, warmed, sent]) known.clear()
      slowness = Infinity
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
    again() {
      sent.clear()
      for (const key of all.keys()) fresh.add(key)
      const first = firstFigures([...warmed.keys()])
      if (first.size > 0) options.report(first)
      report()
    },
    byLatency: () =>
      [...all.values()]
        .map(([single]) => ({ key: single!.key, latencyMs: latencyOf(single!) }))
        .filter(({ latencyMs }) => latencyMs > 0)
        .sort((a, b) => a.latencyMs - b.latencyMs),
    detourAgain() {
      detourDone = false
      void loop()
    },
    kick: () => void loop(),
    stop() {
      stopped = true
      sleeper.wake()
    },
  }
}

/** Whether a size is new, or a figure moved by more than 5 %. */
function isNews(before: readonly ProfilePoint[] | undefined, now: readonly ProfilePoint[]) {
  return now.some(({ batch, latencyMs }) => {
    const known = before?.find((point) => point.batch === batch)?.latencyMs
    return known === undefined || Math.abs(latencyMs / known - 1) > 0.05
  })
}

/** Median of the latest runs; 0 before the first. */
function latencyOf({ recentMs }: Series): number {
  const sorted = recentMs.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
