/**
 * Invariants of the state, for tests: walks the whole state and throws at the first violation.
 *
 *     a query inside has an open item, and its counts match its items
 *     exactly the items in state `queued` are in a queue
 *     a batch in flight is on exactly one slot of a present node; an abandoned batch is first there
 *     counters match the objects counted
 *
 * @module
 */
import type { Flights } from './flights.ts'
import type { Pool } from './pool.ts'
import type { Item, Query } from './query.ts'
import type { DeadlineQueue } from './queue.ts'
import { type Batch, isCold, type Slot } from './node.ts'
import type { Counters } from './stats.ts'
import type { Waiting } from './waiting.ts'

export interface StateParts {
  pool: Pool
  waiting: Waiting
  flights: Flights
  queries: DeadlineQueue<Query>
  counters: Counters
}

function assert(holds: boolean, violation: string): void {
  if (!holds) throw new Error(`Cannot go on, the state is broken: ${violation}`)
}

/** @throws Error that names the invariant that does not hold */
export function check(parts: StateParts): void {
  const queued = checkQueues(parts)
  checkQueries(parts, queued)
  checkBatches(parts)
}

/** Checks the queues and returns all items in them. */
function checkQueues({ waiting }: StateParts): Set<Item> {
  const queued = new Set<Item>()
  for (const [task, queue] of waiting.queues) {
    for (let i = 0; i < queue.length; i++) {
      const item = queue.at(i)!
      queued.add(item)
      assert(item.task === task && item.state === 'queued', `a ${item.state} item waits`)
      assert(!item.query.closed, `an item of ${item.query.id} waits, which is closed`)
    }
  }
  assert(queued.size === waiting.total, `${queued.size} items wait, ${waiting.total} are counted`)
  return queued
}

function checkQueries({ queries, counters }: StateParts, queued: ReadonlySet<Item>): void {
  const inside = new Map<string, number>()
  for (let i = 0; i < queries.length; i++) {
    const query = queries.at(i)!
    checkQuery(query, queued)
    inside.set(query.shape.name, (inside.get(query.shape.name) ?? 0) + 1)
  }
  for (const [name, { inFlight }] of counters.pipelines) {
    const count = inside.get(name) ?? 0
    assert(inFlight === count, `${inFlight} queries of ${name} are counted, ${count} inside`)
  }
}

function checkQuery(query: Query, queued: ReadonlySet<Item>): void {
  const { id, items, openCount, firstOpen, waiting, closed } = query
  const open = items.filter(({ state }) => state !== 'done')
  assert(!closed && open.length > 0, `${id} is inside and has no open item`)
  assert(open.length === openCount, `${id} counts ${openCount} of ${open.length} open items`)
  assert(open[0]!.ordinal >= firstOpen, `${id} has an open item before the first`)
  const counts = waiting.map(() => 0)
  for (const item of open) {
    assert((item.state === 'queued') === queued.has(item), `an item of ${id} waits in no queue`)
    if (item.state === 'queued') counts[item.task.position]!++
    else assert(item.batch !== null && item.bound !== null, `an item of ${id} runs nowhere`)
  }
  assert(counts.every((count, t) => count === waiting[t]), `${id} counts ${waiting} that wait`)
}

function checkBatches({ pool, flights }: StateParts): void {
  const warm = [...pool.nodes.values()].filter((node) => !isCold(node))
  assert(warm.length === pool.warm.size, `${pool.warm.size} nodes are listed as warm`)
  for (const node of warm) assert(pool.warm.get(node.id) === node, `${node.id} is warm`)
  const slotOf = new Map<Batch, Slot>()
  for (const { id, slots } of pool.nodes.values()) {
    for (const slot of slots) {
      for (const [place, batch] of slot.batches.entries()) {
        assert(!slotOf.has(batch) && batch.slot === slot, `batch ${batch.id} is on two slots`)
        slotOf.set(batch, slot)
        const isFirst = place === 0 || batch.abandonedUntilMs === null
        assert(isFirst, `batch ${batch.id} is abandoned and stands behind another`)
      }
      const { group, loading, held } = slot
      assert(group === null || group.slots.includes(slot), `a slot of ${id} is not in its group`)
      assert(loading === null || !held.has(loading), `a slot of ${id} loads violation it holds`)
    }
  }
  const running: number[] = []
  for (const batch of flights.batches.values()) {
    assert(slotOf.delete(batch), `batch ${batch.id} is in flight on no slot`)
    const { index } = batch.variant
    running[index] = (running[index] ?? 0) + batch.items.length
  }
  assert(slotOf.size === 0, `${slotOf.size} batches stand on slots and are not in flight`)
  const isCounted = flights.running.every((count, v) => count === (running[v] ?? 0))
  assert(isCounted, `${flights.running} items are counted in flight, by variant`)
}
