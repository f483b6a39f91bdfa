/**
 * The one run for measuring that may wait for a slot: anything else that comes goes before it.
 *
 * @module
 */
import type { Measured } from './types.ts'

/**
 * What takes longer hangs, and work that comes waits behind it: many times what the slowest variant takes
 * that is measured.
 */
export const MAX_PROBE_MS = 20_000

export interface Probe {
  key: string
  batch: number
  done(measured: Measured | undefined): void
}

export interface ProbeSeat {
  readonly taken: boolean
  /** Waits in the place of one that was there. Nothing comes back where it had to give way. */
  ask(key: string, batch: number): Promise<Measured | undefined>
  /** What waits, to be run now. */
  take(): Probe | undefined
  drop(): void
}

/** @param asked there is something to run */
export function createProbeSeat(asked: () => void): ProbeSeat {
  let waiting: Probe | undefined

  function take(): Probe | undefined {
    const probe = waiting
    waiting = undefined
    return probe
  }

  const drop = () => take()?.done(undefined)

  return {
    get taken() {
      return waiting !== undefined
    },
    ask: (key, batch) =>
      new Promise((done) => {
        drop()
        waiting = { key, batch, done }
        asked()
      }),
    take,
    drop,
  }
}
