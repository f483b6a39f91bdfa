/**
 * How long a number of items of one variant takes that come together, as nobody else is in the pool.
 *
 * @module
 */
import type { Server, Service } from '../pool/capacity.ts'

/**
 * Time from start to end of `count` items spread over the idle pool, in milliseconds, without the
 * network time of the first server: each slot runs one batch, as large as needed.
 *
 * @param shared share of a usual batch's time that it takes at least; see `lookahead/sharing.ts`
 */
export function makespanMs(
  service: Service,
  count: number,
  maxBatch: number,
  shared: number,
): number {
  const { servers } = service
  const items = Math.ceil(count - 1e-6)
  const quickest = servers[0]!
  // Under load they share batches with others: then those decide how long it takes.
  const batchMs = quickest.latencyMs(Math.min(Math.round(quickest.batch), maxBatch))
  const sharedMs = Math.max(shared * batchMs, quickest.meanMs)
  if (items <= 1) return sharedMs
  return Math.max(sharedMs, service.spansMs[items] ??= aloneSpanMs(service, items, maxBatch))
}

function aloneSpanMs(service: Service, items: number, maxBatch: number): number {
  let low = service.servers[0]!.meanMs
  let high = low * items
  for (let i = 0; i < 10; i++) {
    const middle = (low + high) / 2
    if (doneWithin(service, middle, items, maxBatch) >= items) high = middle
    else low = middle
  }
  return high
}

/** @param firstMs from when a batch is with the first server until it is through */
function doneWithin(
  { servers, networkMs }: Service,
  firstMs: number,
  items: number,
  maxBatch: number,
): number {
  let done = 0
  for (const server of servers) {
    const ms = firstMs - (server.networkMs - networkMs)
    if (server.meanMs > ms || done >= items) break
    let low = 1
    let high = Math.min(items, maxBatch)
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (batchMs(server, middle) <= ms) low = middle
      else high = middle - 1
    }
    // What one batch can't take, the slot does in further ones.
    const batches = Math.max(1, Math.floor(ms / batchMs(server, low)))
    done += server.group.slots.length * low * batches
  }
  return done
}

function batchMs({ known, latencyMs }: Server, batch: number): number {
  const ms = known[batch]!
  return ms > 0 ? ms : latencyMs(batch)
}
