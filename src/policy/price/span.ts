/**
 * Duration of all items of a task together.
 *
 * @module
 */
import type { Server } from '../state/capacity.ts'
import { price } from './params.ts'

export const soonest = (servers: readonly Server[]): Server =>
  servers.reduce((a, b) => b.meanMs + b.networkMs < a.meanMs + a.networkMs ? b : a)

/**
 * Under the logistic law, the largest of n exceeds the mean by the (n - 1)th harmonic number over the
 * slope.
 */
export const harmonic = (n: number): number => n < 1 ? 0 : Math.log(n + 0.5) + 0.577

/**
 * Duration of the items of a variant, spread over groups by the plan, and on each group over its slots in
 * batches of its usual size; on the quickest group without a plan.
 */
export function spanOf(
  servers: readonly Server[],
  shareOf: (group: number) => number,
  items: number,
  upper: number,
) {
  const count = Math.max(items, 1)
  const used = servers.filter(({ group }) => count * shareOf(group.index) >= price.leastPart)
  if (used.length === 0) return spanOn(soonest(servers), count, upper)
  return used.map((server) => {
    const share = used.length === 1 ? 1 : shareOf(server.group.index)
    return spanOn(server, Math.max(1, count * share), Math.max(1, upper * share))
  }).reduce((a, b) => b.spanMs > a.spanMs ? b : a)
}

function spanOn({ group, latencyMs, batch, networkMs }: Server, items: number, upper: number) {
  const slots = group.slots.length
  const sizeOf = (count: number) => {
    const fair = Math.max(Math.round(batch), Math.ceil(count / slots))
    return Math.max(1, Math.min(Math.ceil(count - 1e-9), fair))
  }
  const span = (count: number) => {
    const size = sizeOf(count)
    return latencyMs(size) * Math.max(1, Math.ceil(count / size) / slots)
  }
  return {
    spanMs: networkMs + span(items),
    runMs: span(items),
    upperMs: span(Math.max(upper, 1)),
    batches: Math.ceil(items / sizeOf(items)),
  }
}
