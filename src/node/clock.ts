/**
 * Time as a parameter: monotonic instants and timers.
 *
 * @module
 */
export interface Clock {
  /** Milliseconds from some fixed start; never goes back. */
  nowMs(): number
  /** Calls `action` once, `ms` from now; the returned function calls it off. */
  after(ms: number, action: () => void): () => void
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms)
    return () => clearTimeout(timer)
  },
}

/** A timer later than this says that the machine slept. */
export const SLEPT_MS = 1000

/** In a tab that is hidden for minutes every timer is late: what hangs there has an end, too. */
const MOST_SLEEPS = 3

/**
 * As {@linkcode Clock.after}, for the end of somebody's patience: where the machine slept, what is
 * waited for slept as well, and is given the time anew.
 */
export function afterAwake(clock: Clock, ms: number, action: () => void): () => void {
  let disarm = () => {}
  const arm = (sleepsLeft: number) => {
    const dueMs = clock.nowMs() + ms
    const slept = () => clock.nowMs() - dueMs > SLEPT_MS && sleepsLeft > 0
    disarm = clock.after(ms, () => slept() ? arm(sleepsLeft - 1) : action())
  }
  arm(MOST_SLEEPS)
  return () => disarm()
}

/** Resolves `ms` from now. */
export const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.after(ms, resolve))

/** Pauses that can be cut short, so that nothing keeps a process that is done. */
export interface Sleeper {
  pause(ms: number): Promise<void>
  /** Ends all pauses now, and those to come at once. */
  wake(): void
}

export function createSleeper(clock: Clock): Sleeper {
  const asleep = new Set<() => void>()
  let awake = false
  return {
    pause: (ms) =>
      awake ? Promise.resolve() : new Promise((resolve) => {
        const end = () => {
          asleep.delete(end)
          disarm()
          resolve()
        }
        const disarm = clock.after(ms, end)
        asleep.add(end)
      }),
    wake() {
      awake = true
      for (const end of [...asleep]) end()
    },
  }
}
