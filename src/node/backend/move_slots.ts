/**
 * Slots move to another engine, or to another number of threads: all at once, or not at all.
 *
 * @module
 */
import type { EngineUse } from '../engine/engine.ts'
import type { Profiler } from '../measure/profiler.ts'
import { renewSlots } from '../slot/bring_up.ts'
import type { SlotPool } from '../slot/pool.ts'
import type { Grower } from './grow.ts'

export interface MoveOptions {
  pool: SlotPool
  profiler: Profiler
  grower: Grower
  /** What the slots are to run on. */
  use: EngineUse
  /** The number of slots was asked for and stays. */
  fixedSlots: boolean
  /** Whether the node still serves. */
  serves(): boolean
  /** Told of another number of slots. */
  grown(slots: number): void
}

/** Everything measured before is forgotten. False where nothing changed. */
export function moveSlots(options: MoveOptions): Promise<boolean> {
  const { pool, profiler, grower, use } = options
  // Another number of slots suits; one to begin with, and whether more pay is measured again.
  const single = !options.fixedSlots && (use.backend === 'webgpu' || use.threads > 1)
  const slots = single ? pool.all.slice(0, 1) : pool.all
  return renewSlots(slots, () => {
    if (!options.serves() || (!single && pool.kept !== slots.length)) return false
    if (pool.kept > slots.length) {
      pool.keep(slots.length)
      options.grown(slots.length)
    }
    profiler.reset()
    grower.reset()
    profiler.detourAgain()
    return true
  })
}
