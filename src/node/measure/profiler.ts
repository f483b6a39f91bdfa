/**
 * Measures held variants while nothing else is to be done, quick figures first.
 *
 * WebAssembly starts slow and is recompiled while it runs: a figure counts as settled after 20 runs
 * or 3 seconds of them.
 *
 * @module
 */
import { type Clock, createSleeper } from '../clock.ts'
import { restAfterMs } from '../rest_after.ts'
import type { Measured } from '../slot/slot.ts'
import { ENOUGH_BATCHES } from './batches.ts'
import { createFigures, type KeptRow, rank } from './figures.ts'
import type { Remembered } from './recall.ts'
import { isNews, latencyOf, note, type ProfilePoint, type Series } from './series.ts'

export type { ProfilePoint } from './series.ts'

/** What became of the figures of an earlier time. */
export interface RecallVerdict {
  used: boolean
  reason: string
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
  /** What an earlier time measured on the present engine; asked for each engine once. */
  recall?(): Promise<Remembered | undefined>
  recalled?(verdict: RecallVerdict): void
  /** Something was measured: all that is known now. */
  keep?(rows: ReadonlyMap<string, KeptRow>): void
  /** Whether a measurement of this variant is a part of a run, and far quicker than its figure. */
  isSampled?(key: string): boolean
  /** Share of the time to work, 0..1; asked at each use. */
  duty(): number
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
   * after a few, they are sent only when a size was measured that no batch had: the coordinator
   * knows the others better from the batches themselves.
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

const REPORT_EVERY_MS = 2000
/** Work that comes meanwhile waits for the end of a run; of larger batches two smaller ones tell enough. */
const MAX_PROBE_MS = 60
/** After a detour that could not be made, before the next. */
const DISTURBED_MS = 100
const WHILE_LOADED = 'as they were loaded, variants took what they took then'
const CHECKED = 'a run of each task took what it took then'

export function createProfiler(options: ProfilerOptions): Profiler {
  const { clock } = options
  const sleeper = createSleeper(clock)
  const maxProbeMs = options.maxProbeMs ?? MAX_PROBE_MS
  const figures = createFigures(options.batches ?? [1, 2, 4, 8], options.isSampled)
  const { all, real, recall } = figures
  const fresh = new Set<string>()
  /** As `fresh`, by real batches: no news any more once there were a few. */
  const ran = new Set<string>()
  /** Measured here since `keep` was last called. */
  let unkept = false
  let recalling: Promise<void> | undefined
  /** Figures last sent, to send none twice. */
  const sent = new Map<string, ProfilePoint[]>()
  let looping = false
  let stopped = false
  const detour = options.detour ?? (() => Promise.resolve('done' as const))
  let detourDone = false
  let reportedMs = clock.nowMs()

  function readMemory(): Promise<void> {
    const mine = Promise.resolve(options.recall?.()).then((remembered) => {
      if (recalling !== mine || remembered === undefined) return
      recall.begin(remembered)
      for (const [key, { warmMs }] of figures.warmed) {
        if (recall.warmed(key, warmMs)) believe(WHILE_LOADED)
      }
    }, () => {})
    return mine
  }

  /** Takes over what is remembered of tasks that are believed. */
  function believe(reason?: string): void {
    for (const key of all.keys()) {
      figures.seed(key)
      fresh.add(key)
    }
    report()
    if (reason !== undefined) options.recalled?.({ used: true, reason })
  }

  /** One run of a task whose remembered figures are yet to be checked. */
  async function check(key: string): Promise<void> {
    const fromMs = clock.nowMs()
    const measured = await options.measure(key, 1)
    if (measured !== undefined) await rest(fromMs)
    if (measured === undefined && options.holdOffMs() !== 0) return
    const verdict = recall.ran(key, measured && measured.runMs / measured.rows)
    if (verdict === 'again') return
    if (verdict === 'holds') {
      return believe(recall.toCheck(figures.measurable()) === undefined ? CHECKED : undefined)
    }
    for (const other of figures.unseed()) sent.delete(other)
    options.recalled?.({ used: false, reason: verdict.discard })
    if (figures.warmed.size >= 2) options.report(figures.first(figures.warmed.keys()))
  }

  async function loop(): Promise<void> {
    if (looping || stopped) return
    looping = true
    try {
      for (;;) {
        // Of the engine that runs now, which may be another than a moment ago.
        await recalling
        if (stopped || all.size === 0) break
        const toCheck = recall.toCheck(figures.measurable())
        const series = figures.next(maxProbeMs)
        const quick = series === undefined || rank(series) > 0
        if (toCheck === undefined && series === undefined && detourDone) break
        const holdOffMs = options.holdOffMs()
        if (holdOffMs === undefined) return
        if (holdOffMs > 0) {
          await sleeper.pause(holdOffMs)
        } else if (toCheck !== undefined) {
          await check(toCheck)
        } else if (quick && !detourDone) {
          report()
          detourDone = await detour() === 'done'
          // It may have been refused at once; without a pause nothing else would ever have its turn.
          if (!detourDone) await sleeper.pause(DISTURBED_MS)
        } else if (series !== undefined) {
          await measure(series)
          if (quick && clock.nowMs() - reportedMs >= REPORT_EVERY_MS) report()
        }
      }
      report()
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
    if (measured.besideMs !== undefined) figures.sampled(key, measured.besideMs)
    fresh.add(key)
    unkept = true
    if (measured.rows === 1 && batch > 1) {
      // Items run one by one: what one takes says it all.
      all.set(key, all.get(key)!.slice(0, 1))
    }
    await rest(fromMs)
  }

  /** As a slot does after a batch. */
  async function rest(fromMs: number): Promise<void> {
    const restMs = restAfterMs(clock.nowMs() - fromMs, options.duty())
    if (restMs > 0) await sleeper.pause(restMs)
  }

  function report(): void {
    if (stopped) return
    reportedMs = clock.nowMs()
    const points = new Map<string, ProfilePoint[]>()
    for (const key of new Set([...fresh, ...ran])) {
      const now = figures.points(key)
      if (isNews(sent.get(key), now)) points.set(key, now)
    }
    fresh.clear()
    ran.clear()
    points.forEach((now, key) => sent.set(key, now))
    if (points.size > 0) options.report(points)
    keepMeasured()
  }

  function keepMeasured(): void {
    if (!unkept || options.keep === undefined) return
    unkept = false
    const rows = figures.rows()
    if (rows.size > 0) options.keep(rows)
  }

  return {
    add(key, warmMs, referenceMs) {
      figures.add(key)
      if (recall.believed(key) !== undefined) believe()
      if (warmMs === undefined) return
      const others = figures.warm(key, warmMs, referenceMs)
      if (recall.warmed(key, warmMs)) believe(WHILE_LOADED)
      // One alone proves nothing; measuring follows soon.
      if (figures.warmed.size < 2) return
      options.report(figures.first(others ? figures.warmed.keys() : [key]))
    },
    remove(key) {
      figures.remove(key)
      fresh.delete(key)
      ran.delete(key)
      sent.delete(key)
    },
    reset() {
      for (const known of [figures, fresh, ran, sent]) known.clear()
      recalling = readMemory()
    },
    ran(key, batch, computeMs) {
      if (!all.has(key)) return
      real.ran(key, batch, computeMs)
      if (real.count(key) < ENOUGH_BATCHES) ran.add(key)
      else ran.delete(key)
    },
    again() {
      recalling ??= readMemory()
      sent.clear()
      for (const key of all.keys()) fresh.add(key)
      const first = figures.first(figures.warmed.keys())
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
      // For the next start. A run that is still under way comes too late: whoever stops it waits for
      // what is being written now.
      keepMeasured()
    },
  }
}
