/**
 * Measured runs of one variant at one batch size, and the figure that they make.
 *
 * @module
 */

export interface ProfilePoint {
  batch: number
  latencyMs: number
}

export interface Series {
  key: string
  batch: number
  /** Latest runs, oldest first. */
  recentMs: number[]
  runs: number
  totalMs: number
  failures: number
  /** Its figure is of an earlier time. */
  remembered: boolean
}

export const QUICK_RUNS = 3
const SETTLED_RUNS = 20
const SETTLED_MS = 3000
/** A run counts for no more of it: the machine may have slept in one, and one alone settles nothing. */
const MOST_MS = SETTLED_MS / QUICK_RUNS
const MAX_RECENT = 10

export const newSeries = (key: string, batch: number): Series => ({
  key,
  batch,
  recentMs: [],
  runs: 0,
  totalMs: 0,
  failures: 0,
  remembered: false,
})

/** What an earlier time settled is settled. */
export const rememberedSeries = (key: string, batch: number, latencyMs: number): Series => ({
  ...newSeries(key, batch),
  recentMs: [latencyMs],
  runs: SETTLED_RUNS,
  remembered: true,
})

export const isSettled = ({ runs, totalMs, failures }: Series): boolean =>
  runs >= SETTLED_RUNS || totalMs >= SETTLED_MS || failures >= 3

/** Runs after which a size may be left as it is: most of them come after the quick ones. */
const LADDER_RUNS = 2 * QUICK_RUNS + 1
/** Where an item takes hardly less in a larger batch, how much less is not worth finding out. */
const WORTH = 0.95

/**
 * Whether a larger batch brings nothing, so that its figure is good enough as it is. Goes by the best
 * runs: neighbours, and code that is being compiled, only ever slow them down.
 *
 * @param smaller sizes of the same variant
 */
export function bringsNothing(series: Series, smaller: readonly Series[]): boolean {
  if (series.runs < LADDER_RUNS) return false
  const mostMs = WORTH * Math.min(...smaller.map(leastItemMs))
  return leastItemMs(series) > mostMs
}

const leastItemMs = ({ recentMs, batch }: Series): number => Math.min(...recentMs) / batch

export function note(series: Series, ms: number): void {
  series.recentMs.push(ms)
  if (series.recentMs.length > MAX_RECENT) series.recentMs.shift()
  series.runs++
  series.totalMs += Math.min(ms, MOST_MS)
}

/** Median of the latest runs; 0 before the first. */
export const latencyOf = ({ recentMs }: Series): number => medianMs(recentMs)

/** The upper of the two in the middle of an even number; 0 of none. */
export function medianMs(runsMs: readonly number[]): number {
  return runsMs.toSorted((a, b) => a - b)[Math.floor(runsMs.length / 2)] ?? 0
}

/** Whether a size is new, or a figure moved by more than 5 %. */
export function isNews(
  before: readonly ProfilePoint[] | undefined,
  now: readonly ProfilePoint[],
): boolean {
  return now.some(({ batch, latencyMs }) => {
    const known = before?.find((point) => point.batch === batch)?.latencyMs
    return known === undefined || Math.abs(latencyMs / known - 1) > 0.05
  })
}
