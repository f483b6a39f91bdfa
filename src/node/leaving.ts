/**
 * How a node ends: when it is told to, once what it has taken is answered, or at once where the
 * coordinator will not have it.
 *
 * @module
 */
import type { BackendChoice } from './backend/choice.ts'
import type { Grower } from './backend/grow.ts'
import { type Clock, createSleeper } from './clock.ts'
import type { Link, Refusal } from './link/link.ts'
import type { Measuring } from './measure/measuring.ts'
import type { PayloadStore } from './payloads.ts'
import type { Serving } from './serving.ts'
import type { Pace } from './slot/pace.ts'
import type { SlotPool } from './slot/pool.ts'
import type { Watch } from './state.ts'

/** Longest wait for taken batches. */
const LEAVE_MS = 15_000

export interface LeavingParts {
  clock: Clock
  watch: Watch
  payloads: PayloadStore
  serving: Serving
  pace: Pace
  pool: SlotPool
  profiler: Measuring
  choice: BackendChoice
  grower: Grower
  link: Link
}

export interface Leaving {
  readonly begun: boolean
  /** Resolves at the end, with why where it was refused. */
  readonly left: Promise<Refusal | undefined>
  stop(reason?: string): Promise<void>
  refused(refusal: Refusal): void
  /** Nobody waits for a batch any more. */
  settled(): void
}

export function createLeaving(parts: LeavingParts): Leaving {
  const { clock, watch, payloads, serving, pace, pool, profiler, choice, grower, link } = parts
  let finish: (refusal?: Refusal) => void = () => {}
  const left = new Promise<Refusal | undefined>((resolve) => finish = resolve)
  let stopping: Promise<void> | undefined
  let onSettled = () => {}

  /** Nothing is measured or tried any more. Resolves when what was measured is kept. */
  function rest(): Promise<void> {
    grower.stop()
    choice.stop()
    pace.stop()
    return profiler.stop()
  }

  function end(reason: string, refusal?: Refusal): void {
    pool.close()
    payloads.clear()
    watch.emit({ type: 'left', reason }, { phase: 'left', ready: [] })
    finish(refusal)
  }

  async function leave(reason: string): Promise<void> {
    watch.emit({ type: 'leaving', reason }, { phase: 'leaving' })
    const kept = rest()
    serving.leaving()
    if (link.up) {
      link.send({ type: 'report', paused: true, pausedBy: 'leaving' })
      if (serving.owes) {
        const sleeper = createSleeper(clock)
        onSettled = () => sleeper.wake()
        await sleeper.pause(LEAVE_MS)
      }
      link.send({ type: 'bye', reason: reason.slice(0, 200) })
    }
    await Promise.all([link.close(), kept])
    end(reason)
  }

  return {
    get begun() {
      return stopping !== undefined
    },
    left,
    stop: (reason = 'leaving') => stopping ??= leave(reason),
    refused(refusal) {
      stopping ??= Promise.resolve()
      void rest()
      end('refused', refusal)
    },
    settled: () => onSettled(),
  }
}
