/**
 * Many deadlines with one timer: most are met, and a timer made and cleared for each would cost more
 * than the rest of a small query.
 *
 * @module
 */

export interface Deadlines {
  /** Has `action` happen at that time, or soon after. Returns what calls it off. */
  at(atMs: number, action: () => void): () => void
}

interface Due {
  atMs: number
  action: () => void
  /** Where it lies among those pending; below 0 once it does not. */
  place: number
}

/** What is due within this is done together, so that many deadlines are few looks at all of them. */
const GRAIN_MS = 10

/** @param now monotonic milliseconds */
export function createDeadlines(now: () => number): Deadlines & { stop(): void } {
  /** A list: a `Set` would hold on to them, see `policy/table.ts`. */
  const pending: Due[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let timerAtMs = Infinity
  let stopped = false

  /** The last one takes its place. */
  function remove(one: Due): void {
    if (one.place < 0) return
    const last = pending.pop()!
    if (last !== one) pending[last.place = one.place] = last
    one.place = -1
  }

  function arm(atMs: number): void {
    clearTimeout(timer)
    timerAtMs = atMs
    timer = setTimeout(fire, Math.max(0, atMs - now()))
  }

  function fire(): void {
    timerAtMs = Infinity
    const nowMs = now()
    const due: Due[] = []
    let nextMs = Infinity
    for (const one of pending) {
      if (one.atMs <= nowMs) due.push(one)
      else nextMs = Math.min(nextMs, one.atMs)
    }
    due.forEach(remove)
    if (nextMs < Infinity) arm(Math.max(nextMs, nowMs + GRAIN_MS))
    for (const { action } of due) action()
  }

  return {
    at(atMs, action) {
      const one: Due = { atMs, action, place: pending.length }
      pending.push(one)
      if (atMs < timerAtMs && !stopped) arm(atMs)
      // The timer is left standing for the next ones: it finds out by itself what there is to do.
      return () => remove(one)
    },
    /** Nothing is told any more. */
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
