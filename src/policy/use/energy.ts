/**
 * What the energy of a slot is worth.
 *
 * @module
 */
import type { Prefer } from '../core/elastic.ts'
import type { Capacity } from '../state/capacity.ts'
import { speedupsOf } from '../state/threads.ts'
import { use } from './params.ts'

/** By group: accuracy that a ms of a busy slot is worth for what it takes, where people are frugal. */
export function energyPrices({ groups }: Capacity, prefer: Prefer): number[] {
  return groups.map(({ slots: [slot] }) => {
    if (prefer !== 'frugal') return 0
    const { power, slots, inUse } = slot!.node
    if (power === undefined) return use.worth * inUse.threads / 1000
    const share = inUse.threads / Math.max(speedupsOf(slot!.node).length, inUse.threads) /
      slots.length
    return use.joule * (power.busyW - power.idleW) * share / 1000
  })
}
