/**
 * Clocks that stand still until told to move.
 *
 * @module
 */
import type { Clock } from '../../src/node/clock.ts'

export interface TestClock extends Clock {
  /** Moves on, calling what falls due in its order; lets promises settle in between. */
  advance(ms: number): Promise<void>
}

export function createTestClock(): TestClock {
  let nowMs = 0
  let timers: { atMs: number; action: () => void }[] = []
  const settle = async () => {
    for (let i = 0; i < 50; i++) await Promise.resolve()
  }
  return {
    nowMs: () => nowMs,
    after(ms, action) {
      const timer = { atMs: nowMs + Math.max(0, ms), action }
      timers.push(timer)
      return () => void (timers = timers.filter((other) => other !== timer))
    },
    async advance(ms) {
      const untilMs = nowMs + ms
      await settle()
      for (;;) {
        const due = timers.filter(({ atMs }) => atMs <= untilMs)
          .sort((a, b) => a.atMs - b.atMs)[0]
        if (due === undefined) break
        timers = timers.filter((other) => other !== due)
        nowMs = due.atMs
        due.action()
        await settle()
      }
      nowMs = untilMs
    },
  }
}

/** Time that passes only in sleep: what falls due is as late as one likes. */
export function createLateClock() {
  let nowMs = 0
  const timers = new Set<{ atMs: number; action: () => void }>()
  return {
    nowMs: () => nowMs,
    after(ms: number, action: () => void) {
      const timer = { atMs: nowMs + ms, action }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    /** Sleeps, then calls what fell due. */
    sleep(ms: number) {
      nowMs += ms
      for (const timer of [...timers]) {
        if (timer.atMs <= nowMs && timers.delete(timer)) timer.action()
      }
    },
  }
}
