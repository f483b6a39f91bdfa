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

/** @param now monotonic milliseconds */
export function createDeadlines(now: () => number): Deadlines {
  const pending = new Set<{ atMs: number; action: () => void }>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let timerAtMs = Infinity

  function arm(atMs: number): void {
    clearTimeout(timer)
    timerAtMs = atMs
    timer = setTimeout(fire, Math.max(0, atMs - now()))
  }

  function fire(): void {
    timerAtMs = Infinity
    const nowMs = now()
    const due = [...pending].filter(({ atMs }) => atMs <= nowMs)
    for (const one of due) pending.delete(one)
    let nextMs = Infinity
    for (const { atMs } of pending) nextMs = Math.min(nextMs, atMs)
    if (nextMs < Infinity) arm(nextMs)
    for (const { action } of due) action()
  }

  return {
    at(atMs, action) {
      const one = { atMs, action }
      pending.add(one)
      if (atMs < timerAtMs) arm(atMs)
      return () => {
        // Left standing for the others: it finds out by itself what is next.
        if (!pending.delete(one) || pending.size > 0) return
        clearTimeout(timer)
        timerAtMs = Infinity
      }
    },
  }
}
