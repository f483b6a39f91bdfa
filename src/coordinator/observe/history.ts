/**
 * `GET /v1/history`: rows of the pool's counts, one a second for five minutes and one a minute for
 * an hour, and changes of the plan. They are kept in memory, bounded, until the process ends.
 *
 * @module
 */
import type { HistoryInfo, LatencyPercentiles, PlanChange, PlanInfo } from '../../client/types.ts'
import type { SchedulerStats } from '../../policy/core/types.ts'
import { type Counts, emptyRow, type Row, rowOf, seriesOf } from './history_rows.ts'
import { createLatencyHistogram, type LatencyHistogram } from './latency_histogram.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const SECONDS = 300
const MINUTES = 60
/** Seconds of the live percentiles: one second alone has too few queries. */
const LATENCY_SECONDS = 10
const PLANS = 60
/**
 * Changes of the number of nodes at work within this time, of one mode and reason, are one change.
 */
const PLAN_STEP_MS = 10_000

interface Track {
  before: Counts | undefined
  seconds: Row[]
  minutes: Row[]
  minute: Row
  minuteLatency: LatencyHistogram
  /** A histogram a second, the newest last; the last is being filled. */
  latencies: LatencyHistogram[]
}

/** The pool, as far as the history reads it. */
export interface Watched {
  stats(): SchedulerStats
  plan(): PlanInfo
  /** Ends the history. */
  draining: AbortSignal
}

export interface History {
  /** Notes the time of work that ends with a result. */
  timed(pipeline: string, work: () => Promise<Response>): Promise<Response>
  /** Notes the time of work that came to a result. */
  took(pipeline: string, ms: number): void
  /** Percentiles of the last ten seconds, by pipeline. */
  latency(): Record<string, LatencyPercentiles | null>
  read(): HistoryInfo
}

export function createHistory(watched: Watched, now: () => number): History {
  const tracks = new Map<string, Track>()
  const plans: (Omit<PlanChange, 'agoMs'> & { atMs: number })[] = []
  let lastMs = now()

  function trackOf(pipeline: string): Track {
    const found = tracks.get(pipeline)
    if (found !== undefined) return found
    const track: Track = {
      before: undefined,
      ...{ seconds: [], minutes: [], minute: emptyRow() },
      minuteLatency: createLatencyHistogram(),
      latencies: [createLatencyHistogram()],
    }
    tracks.set(pipeline, track)
    return track
  }

  function tick() {
    const atMs = now()
    const passedMs = atMs - lastMs
    lastMs = atMs
    for (const [pipeline, counts] of Object.entries(watched.stats().pipelines)) {
      step(trackOf(pipeline), counts, passedMs)
    }
    notePlan(atMs)
  }

  function notePlan(atMs: number) {
    const { epoch, mode, reason, gap, awake, standby, resting } = watched.plan()
    const change = { atMs, epoch, mode, reason, gap, awake, standby, resting }
    const last = plans.at(-1)
    if (last !== undefined && last.mode === mode && last.reason === reason) {
      if (last.awake === awake && last.standby === standby && last.resting === resting) return
      if (atMs - last.atMs < PLAN_STEP_MS) {
        return void plans.splice(-1, 1, { ...change, atMs: last.atMs })
      }
    }
    plans.push(change)
    if (plans.length > PLANS) plans.shift()
  }

  notePlan(lastMs)
  const timer = setInterval(tick, SECOND_MS)
  watched.draining.addEventListener('abort', () => clearInterval(timer), { once: true })

  const took = (pipeline: string, ms: number) => trackOf(pipeline).latencies.at(-1)!.add(ms)

  return {
    took,
    async timed(pipeline, work) {
      const startMs = now()
      const response = await work()
      if (response.ok) took(pipeline, now() - startMs)
      return response
    },
    latency: () => Object.fromEntries([...tracks].map(([name, track]) => [name, recent(track)])),
    read() {
      const atMs = now()
      const of = (rows: (track: Track) => Row[]) =>
        Object.fromEntries([...tracks].map(([name, track]) => [name, seriesOf(rows(track))]))
      return {
        seconds: { stepMs: SECOND_MS, pipelines: of(({ seconds }) => seconds) },
        minutes: { stepMs: MINUTE_MS, pipelines: of(withMinuteUnderWay) },
        plans: plans.map(({ atMs: since, ...change }) => ({ ...change, agoMs: atMs - since })),
      }
    },
  }
}

/** Adds a row for the time that passed, also to the minute under way. */
function step(track: Track, now: Counts, passedMs: number) {
  const before = track.before ?? now
  track.before = now
  const row = rowOf(now, before, passedMs, recent(track))
  // A late timer, as after a sleep, leaves no gap.
  const seconds = Math.min(SECONDS, Math.max(1, Math.round(passedMs / SECOND_MS)))
  for (let i = 0; i < seconds; i++) track.seconds.push(row)
  track.seconds.splice(0, track.seconds.length - SECONDS)

  const { minute, minuteLatency, latencies } = track
  for (const key of ['passedMs', 'arrived', 'onTime', 'violations', 'accuracySum'] as const) {
    minute[key] += row[key]
  }
  minuteLatency.addAll(latencies.at(-1)!)
  if (minute.passedMs >= MINUTE_MS - SECOND_MS / 2) {
    const minutes = Math.min(MINUTES, Math.round(minute.passedMs / MINUTE_MS))
    const whole = { ...minute, latency: minuteLatency.percentiles() }
    for (let i = 0; i < minutes; i++) track.minutes.push(whole)
    track.minutes.splice(0, track.minutes.length - MINUTES)
    track.minute = emptyRow()
    minuteLatency.clear()
  }
  const oldest = latencies.length < LATENCY_SECONDS ? createLatencyHistogram() : latencies.shift()!
  oldest.clear()
  latencies.push(oldest)
}

function recent({ latencies }: Track): LatencyPercentiles | null {
  const all = createLatencyHistogram()
  for (const one of latencies) all.addAll(one)
  return all.percentiles()
}

function withMinuteUnderWay({ minutes, minute, minuteLatency }: Track): Row[] {
  const latency = minuteLatency.percentiles()
  return minute.passedMs === 0 ? minutes : [...minutes, { ...minute, latency }].slice(-MINUTES)
}
