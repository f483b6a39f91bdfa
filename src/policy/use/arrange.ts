/**
 * The cheapest arrangement of needed slots: number of slots, slots per node, share of time, and threads.
 *
 * @module
 */
import type { Level, Power } from '../core/elastic.ts'
import { use } from './params.ts'

/** What similar nodes lend. */
export interface Lent {
  nodes: number
  /** Slots of one node; and the share of time of each, 0 to 1. */
  slots: number
  duty: number
  /** Speed with 1, 2, ... threads relative to one; empty if threads stay as they are. */
  speedups: readonly number[]
  /** Current threads. */
  threads: number
  power: Power | undefined
}

export interface Arrangement extends Level {
  /** In slots of one thread; in watts if power is known. */
  cost: number
}

/** Level that uses all that is lent, at its highest speed. */
export const allOf = ({ nodes, slots, duty, speedups, threads }: Lent): Level => ({
  count: nodes * slots,
  slots,
  duty,
  threads: speedups.length > 1 && use.scale ? quickestOf(speedups) : threads,
})

const quickestOf = (speedups: readonly number[]) => speedups.indexOf(Math.max(...speedups)) + 1

/**
 * @param slotsAt slots at full duty needed at a speed relative to one thread; Infinity if no number is
 *   enough
 * @returns undefined if all that is lent is not enough
 */
export function cheapest(
  lent: Lent,
  slotsAt: (speed: number) => number,
): Arrangement | undefined {
  let best: Arrangement | undefined
  for (const threads of threadsOf(lent)) {
    const needed = slotsAt(lent.speedups[threads - 1] ?? 1)
    for (const slots of slotsOf(lent)) {
      for (const duty of dutiesOf(lent)) {
        const enough = Math.ceil(needed / duty - 1e-9)
        if (enough > lent.nodes * slots) continue
        const count = use.scale ? enough : lent.nodes * slots
        const level = { count, slots, duty, threads }
        const cost = costOf(lent, level)
        if (best === undefined || cost < best.cost * (1 - use.better)) best = { ...level, cost }
      }
    }
  }
  return best
}

function threadsOf({ speedups, threads }: Lent): number[] {
  if (speedups.length < 2 || !use.scale) return [threads]
  return speedups.map((_, i) => i + 1)
}

const slotsOf = ({ slots }: Lent): number[] =>
  use.scale ? Array.from({ length: slots }, (_, i) => i + 1) : [slots]

/** Full duty first: a slower arrangement of equal cost is not chosen. */
function dutiesOf({ duty, power }: Lent): number[] {
  if (!use.pace || (power?.exponent ?? 1) <= 1) return [duty]
  return Array.from({ length: use.paces }, (_, i) => duty * (1 - i / use.paces))
}

/** Cost of all nodes of a level together. */
export function costOf(lent: Lent, { count, slots, duty, threads }: Level): number {
  const full = Math.floor(count / slots)
  const rest = count - full * slots
  const of = (busy: number) => costOfNode(lent, busy * duty, threads)
  return full * of(slots) + (rest > 0 ? of(rest) : 0)
}

function costOfNode({ power, slots, speedups }: Lent, worth: number, threads: number): number {
  const most = slots * Math.max(speedups.length, 1)
  if (power === undefined) return use.node + (worth * threads) ** use.exponent
  const share = worth * (speedups.length > 1 ? threads : 1) / most
  return power.idleW + (power.busyW - power.idleW) * share ** power.exponent
}
