/** @module How fast pages are read, seen from outside: for bars and estimates. */

/** Over so long pages are counted. */
const WINDOW_MS = 60_000
/** Counts are kept so far apart, or a fast pool would fill the memory. */
const STEP_MS = 1000

export class Pace {
  /** At most one a step, the oldest just outside of the window. */
  #seen: { atMs: number; done: number }[] = []

  /** @param done pages read so far, in all */
  add(done: number, nowMs: number): void {
    const last = this.#seen.at(-1)
    // What was counted anew, as when jobs are removed, says nothing of before.
    if (last !== undefined && done < last.done) this.#seen = []
    if (last === undefined || nowMs - last.atMs >= STEP_MS || done < last.done) {
      this.#seen.push({ atMs: nowMs, done })
    }
    while (this.#seen.length > 1 && nowMs - this.#seen[1]!.atMs >= WINDOW_MS) this.#seen.shift()
  }

  /** Undefined until there is something to tell. */
  perMinute(done: number, nowMs: number): number | undefined {
    const [first] = this.#seen
    if (first === undefined || done <= first.done || nowMs - first.atMs < STEP_MS) return undefined
    return 60_000 * (done - first.done) / (nowMs - first.atMs)
  }

  remainingMs(done: number, total: number, nowMs: number): number | undefined {
    const rate = this.perMinute(done, nowMs)
    return rate === undefined ? undefined : 60_000 * Math.max(0, total - done) / rate
  }
}

/** As `41 pages a minute`, `3 pages an hour`. */
export function rateText(perMinute: number): string {
  const [count, unit] = perMinute < 1 ? [60 * perMinute, 'an hour'] : [perMinute, 'a minute']
  const shown = count >= 9.95 ? String(Math.round(count)) : String(Number(count.toFixed(1)))
  return `${shown} ${shown === '1' ? 'page' : 'pages'} ${unit}`
}

/** The next time that a clock shows this, after `now`, where the caller is. */
export function nextClock(hour: number, minute: number, now: Date): Date {
  const at = new Date(now)
  at.setHours(hour, minute, 0, 0)
  if (at <= now) at.setDate(at.getDate() + 1)
  return at
}
