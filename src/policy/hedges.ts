/**
 * Stragglers: a batch that is later than its upper latency is begun once more on an idle slot of
 * another node, while nothing waits. The first result counts. Bounded to a share of all batches.
 *
 * @module
 */
import type { Extras } from './extras.ts'
import type { Finished } from './finish.ts'
import type { Flights } from './flights.ts'
import type { Profile } from './profile.ts'
import { type Batch, overdueAtMs, type PoolNode, type Slot } from './slots.ts'
import { isSpare } from './spare.ts'
import { createTable } from './table.ts'
import type { BatchId } from './types.ts'

export interface HedgeParts {
  flights: Flights
  extras: Extras
  profile: Profile
  nodes(): Iterable<PoolNode>
  /** Whether anything waits for a slot. */
  isBusy(nowMs: number): boolean
  /** Takes in what a batch says of its node. */
  hear(batch: Batch, event: Finished, nowMs: number): Finished
  /** Takes in what a batch says of its items. */
  accept(batch: Batch, event: Finished, nowMs: number): void
}

export interface Hedges {
  /** A batch that queries wait for was sent. */
  sent(batch: Batch): void
  /** Its result is here: what was begun in its place is not wanted any more. */
  ended(batch: Batch, nowMs: number): void
  /** Whether another node is at it, so that losing it loses nothing. */
  covers(batch: Batch): boolean
  look(nowMs: number): void
  nextMs(): number
  /** Items so far. */
  count(): number
}

/** Batches begun twice, as a share of all, and so many at once after a quiet time. */
const SHARE = 0.03
const MOST = 4
/** With all in place but no slot idle, it looks again after so long. */
const AGAIN_MS = 20

export function createHedges(parts: HedgeParts): Hedges {
  const { flights, extras, profile } = parts
  /** What was begun in place of a batch. */
  const twins = createTable<BatchId, Batch>()
  let allowance = MOST
  let lookAtMs = Infinity
  let hedged = 0

  function hedge(late: Batch, nowMs: number): boolean {
    // Of some of its queries nobody may want to hear any more.
    const items = late.items.filter((item) => !item.query.closed && item.batch === late.id)
    const batch: Batch = { ...late, items }
    if (items.length === 0) return false
    const deadlineMs = items.reduce(
      (least, item) => Math.min(least, item.deadlineMs),
      Infinity,
    )
    const takesMs = ({ node }: Slot) =>
      profile.latency(node.id, batch.variant, items.length).meanMs +
      profile.networkMs(node.id, batch.variant.task)
    const slots = [...parts.nodes()].flatMap((node) =>
      node.paused || node === batch.slot.node
        ? []
        : node.slots.find((slot) => isSpare(slot, batch.variant, true, nowMs)) ?? []
    ).filter((slot) => nowMs + takesMs(slot) < deadlineMs)
    if (slots.length === 0) return false
    const slot = slots.reduce((a, b) => takesMs(b) < takesMs(a) ? b : a)
    allowance--
    hedged += items.length
    const sent = items.map(({ query, payload }) => ({ query: query.id, payload }))
    const twin = extras.send(slot, batch.variant, { items: sent, deadlineMs }, {
      finished(twin, event, atMs) {
        const told = parts.hear(twin, event, atMs)
        if (!event.outcomes.some(({ ok }) => ok)) return this.lost(twin, atMs)
        if (twins.get(batch.id) !== twin) return
        twins.delete(batch.id)
        flights.callOff(late, atMs)
        parts.accept({ ...batch, slot: twin.slot }, told, atMs)
      },
      lost(twin, atMs) {
        if (twins.get(batch.id) !== twin) return
        twins.delete(batch.id)
        const running = flights.batches.get(batch.id)
        if (running !== undefined && running.ghostUntilMs === null) return
        flights.retry(batch, 'Cannot finish a batch: both nodes that were at it lost it', atMs)
      },
    }, nowMs)
    twins.set(batch.id, twin)
    return true
  }

  return {
    sent(batch) {
      lookAtMs = Math.min(lookAtMs, overdueAtMs(batch))
    },
    ended(batch, nowMs) {
      allowance = Math.min(MOST, allowance + SHARE)
      const twin = twins.get(batch.id)
      if (twin === undefined) return
      twins.delete(batch.id)
      extras.take(twin.id)
      flights.callOff(twin, nowMs)
    },
    covers: (batch) => twins.has(batch.id),
    look(nowMs) {
      if (lookAtMs > nowMs) return
      lookAtMs = Infinity
      for (const batch of [...flights.batches.values()]) {
        if (batch.items.length === 0 || batch.ghostUntilMs !== null) continue
        if (twins.has(batch.id)) continue
        const lateMs = overdueAtMs(batch)
        if (lateMs > nowMs) {
          lookAtMs = Math.min(lookAtMs, lateMs)
          continue
        }
        // While others wait for a slot, it is theirs.
        if (allowance < 1 || parts.isBusy(nowMs) || !hedge(batch, nowMs)) {
          lookAtMs = Math.min(lookAtMs, nowMs + AGAIN_MS)
        }
      }
    },
    nextMs: () => lookAtMs,
    count: () => hedged,
  }
}
