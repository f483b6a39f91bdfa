/**
 * The price of a slot's energy.
 *
 * @module
 */
import type { Prefer } from '../core/elastic.ts'
import type { Capacity } from '../state/capacity.ts'
import type { PoolNode } from '../state/node.ts'
import { speedupsOf } from '../state/threads.ts'
import { use } from './params.ts'

/**
 * By group: accuracy that the energy of a ms of a busy slot costs, if the preference is `frugal`. Reported
 * watts of nodes are not comparable, so the least price in a group counts.
 */
export function energyPrices({ groups }: Capacity, prefer: Prefer): number[] {
  return groups.map(({ slots }) =>
    prefer === 'frugal'
      ? slots.reduce((least, { node }) => Math.min(least, priceOf(node)), Infinity) / 1000
      : 0
  )
}

/** Price of the energy of a second of a busy slot, in accuracy. */
function priceOf(node: PoolNode): number {
  const { power, slots, inUse: { threads } } = node
  if (power === undefined) return 0
  const share = threads / Math.max(speedupsOf(node).length, threads) / slots.length
  return use.joule * (power.busyW - power.idleW) * share
}
