/**
 * Many deadlines with one timer: most are met, and a timer made and cleared for each would cost
 * more than the rest of a small query.
 *
 * @module
 */

export interface Deadlines {
  /** Calls `action` at that time, or soon after. Returns a function that cancels it. */
  at(atMs: number, action: () => void): () => void
}

interface Due {
  atMs: number
  action: () => void
  /** Index among the pending deadlines; below 0 once it is none of them. */
  place: number
}

/** Deadlines within this time are handled together, so that the list is scanned less often. */
const GRAIN_MS = 10

/** @param now monotonic milliseconds */
export function createDeadlines(now: () => number): Deadlines & { stop(): void } {
  /** A list, since a `Set` keeps removed entries for a while: see `policy/core/table.ts`. */
  const pending: Due[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let timerAtMs = Infinity
  let stopped = false

  /** Removes a deadline; the last one takes its place in the list. */
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
      // The timer stays for the next deadlines: it checks what is due when it fires.
      return () => remove(one)
    },
    /** Calls no action any more. */
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
