/**
 * Hardware scaling where every slot holds what it needs: how many nodes of each group are to be
 * awake. The others are warm and rest; the dispatcher calls on them when work would wait too long.
 *
 * @module
 */
import type { Mix } from './frontier/mix.ts'
import type { GroupCapacity } from './frontier/problem.ts'

export interface Awake {
  /** Slots of each group, by its key, that should take part. */
  decide(mix: Mix, groups: readonly GroupCapacity[], nowMs: number): Map<string, number>
}

/**
 * Slots beyond the load itself, in square roots of the load: few slots queue badly (Erlang's
 * formula; the square-root rule of staffing).
 */
const SAFETY = 0.6
/** Slots go to rest when they were not needed for so long. */
const HOLD_MS = 5000

/** Slots for a load of so many slots' worth of work. */
export const slotsFor = (load: number) =>
  load <= 1e-9 ? 0 : Math.ceil(load + SAFETY * Math.sqrt(load))

export function createAwake(): Awake {
  /** For each group the need of the last while, largest last. */
  const needs = new Map<string, { atMs: number; slots: number }[]>()
  return {
    decide(mix, groups, nowMs) {
      const result = new Map<string, number>()
      groups.forEach((group, g) => {
        const load = mix.work.reduce((sum, row) => sum + row[g]!, 0) * group.duty
        const mean = group.duty / Math.max(group.slots, 1)
        const slots = Math.min(group.slots, slotsFor(load / Math.max(mean, 1e-6)))
        const recent = (needs.get(group.key) ?? []).filter((need) =>
          nowMs - need.atMs < HOLD_MS && need.slots > slots
        )
        recent.push({ atMs: nowMs, slots })
        needs.set(group.key, recent)
        result.set(group.key, recent[0]!.slots)
      })
      for (const key of needs.keys()) if (!result.has(key)) needs.delete(key)
      return result
    },
  }
}
