/**
 * How the slots of a node come to run on another engine, or with other threads.
 *
 * @module
 */
import type { Profiler } from '../measure/profiler.ts'
import { renewSlots } from '../slot/bring_up.ts'
import type { Pace } from '../slot/pace.ts'
import type { SlotPool } from '../slot/pool.ts'
import type { BackendChoice } from './choice.ts'
import type { Grower } from './grow.ts'
import { moveSlots } from './move_slots.ts'

export interface MovesOptions {
  pool: SlotPool
  pace: Pick<Pace, 'may'>
  profiler: Profiler
  /** Asked at each use: they come into being together. */
  choice(): Pick<BackendChoice, 'use' | 'threads'>
  grower(): Grower
  fixedSlots: boolean
  /** Whether memory has no room for one more worker beside those that serve. */
  isTight(): boolean
  serves(): boolean
  grown(slots: number): void
}

export interface Moves {
  /** Has all slots run on what was chosen; false where they stay as they are. */
  move(): Promise<boolean>
  /** Whether some slot that serves runs with other threads than the node does. */
  readonly isMixed: boolean
  /** Gives the runs of slots that serve so many threads, where that can be done as things are. */
  useThreads(count: number): Promise<void>
}

export function createMoves(options: MovesOptions): Moves {
  const { pool, pace, profiler, choice, grower, isTight, serves } = options

  /** One without a worker begins as is right. */
  const others = (count: number) =>
    pool.serving.filter((slot) => (slot.threads?.() ?? count) !== count)

  return {
    move() {
      const { use } = choice()
      return moveSlots({ ...options, grower: grower(), use })
    },
    get isMixed() {
      return others(choice().use.threads).length > 0
    },
    async useThreads(count) {
      if (!pace.may() || isTight()) return
      const { threads } = choice().use
      choice().threads.use(count)
      const moved = await renewSlots(others(count), () => {
        if (serves() && count !== threads) profiler.reset()
        return serves()
      })
      if (!moved) choice().threads.use(threads)
    },
  }
}
