/**
 * The cheapest way to have so many slots: how many of each node, at which share of the time, with how
 * many threads.
 *
 * @module
 */
import type { Level, Power } from '../core/elastic.ts'
import { use } from './params.ts'

/** What alike nodes lend. */
export interface Lent {
  nodes: number
  /** Of one node; and share of the time of each. */
  slots: number
  duty: number
  /** Times as fast with 1, 2, ... threads; threads stay as they are where there are none. */
  speedups: readonly number[]
  /** As they are. */
  threads: number
  power: Power | undefined
}

export interface Arrangement extends Level {
  /** In slots of one thread; watts where those are known. */
  cost: number
}

/** All that is lent, as quick as it can be. */
export const allOf = ({ nodes, slots, duty, speedups, threads }: Lent): Level => ({
  count: nodes * slots,
  slots,
  duty,
  threads: speedups.length > 1 && use.scale ? quickestOf(speedups) : threads,
})

const quickestOf = (speedups: readonly number[]) => speedups.indexOf(Math.max(...speedups)) + 1

/**
 * @param slotsAt slots at full duty that are needed when they are so many times as fast as with one
 *   thread; Infinity where nothing is enough
 * @returns undefined where all that is lent is not enough
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

/** The full duty first: what costs as much and is slower is not chosen. */
function dutiesOf({ duty, power }: Lent): number[] {
  if (!use.pace || (power?.exponent ?? 1) <= 1) return [duty]
  return Array.from({ length: use.paces }, (_, i) => duty * (1 - i / use.paces))
}

/** Of all nodes together. */
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
