/**
 * Who pauses or leaves ends what runs, and that may last long where it is generated: after a while
 * others go on with it.
 *
 * @module
 */
import type { Clock } from './clock.ts'

export interface HandOver {
  /** What runs is to end within a while. */
  soon(): void
  /** It may run on. */
  not(): void
}

/** Most answers end sooner; a volunteer who wants the device back should not wait for longer. */
const HAND_OVER_MS = 10_000

export function createHandOver(clock: Clock, handOver: () => void): HandOver {
  let disarm: (() => void) | undefined
  const not = () => {
    disarm?.()
    disarm = undefined
  }
  return {
    soon() {
      disarm ??= clock.after(HAND_OVER_MS, () => {
        disarm = undefined
        handOver()
      })
    },
    not,
  }
}
