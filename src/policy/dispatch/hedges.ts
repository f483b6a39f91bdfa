/**
 * Stragglers: a batch that is later than its upper latency is begun once more on an idle slot of
 * another node, while nothing waits; one that is so late that its node seems to hang also while others
 * wait that are less urgent, and behind a running batch. The first result counts. Bounded to a share
 * of all batches.
 *
 * @module
 */
import type { Fits } from '../core/options.ts'
import { creditAtMs } from '../state/credit.ts'
import { type Batch, type PoolNode, type Slot } from '../state/node.ts'
import { overdueAtMs, readyAtMs } from '../state/slots.ts'
import { isSpare } from '../state/credit.ts'
import type { Profile } from '../estimate/profile.ts'
import type { Item } from '../state/query.ts'
import type { Prefix } from '../core/graph.ts'
import { createTable } from '../core/table.ts'
import type { BatchId } from '../core/types.ts'
import type { Extras } from '../state/finish.ts'
import type { Finished } from '../state/finish.ts'
import type { Flights } from '../state/flights.ts'
import { hedge as H } from './params.ts'

export interface HedgeParts {
  flights: Flights
  extras: Extras
  profile: Profile
  nodes(): Iterable<PoolNode>
  /** How long what follows behind a prefix lasts at the least. */
  afterMs(prefix: Prefix, level: number): number
  fits: Fits
  /** Whether anything waits for a slot; anything that is due before then. */
  isBusy(nowMs: number, beforeMs?: number): boolean
  /** Takes in what a batch says of its node. */
  hear(batch: Batch, event: Finished, nowMs: number): Finished
  /** Takes in what a batch says of its items. */
  accept(batch: Batch, event: Finished, nowMs: number): void
}

export interface Hedges {
  /** A batch that queries wait for was sent. */
  sent(batch: Batch): void
  /**
   * Its result is here: what was begun in its place is not wanted any more. Returns whether anything was:
   * then its items wait for this one, though it may have been given up.
   */
  ended(batch: Batch, nowMs: number): boolean
  /** Its queries are over: nor is what was begun in its place wanted. Returns whether anything was. */
  forgotten(batch: Batch, nowMs: number): boolean
  /** Whether another node is at it, so that losing it loses nothing. */
  covers(batch: Batch): boolean
  look(nowMs: number): void
  nextMs(): number
  /** Items so far. */
  count(): number
}

export function createHedges(parts: HedgeParts): Hedges {
  const { flights, extras, profile } = parts
  /** What was begun in place of a batch. */
  const twins = createTable<BatchId, Batch>()
  let allowance = H.most
  let lookAtMs = Infinity
  /** From when it looks should anything happen before. */
  let mayLookAtMs = Infinity
  let hedged = 0

  function hedge(late: Batch, nowMs: number): boolean {
    // Of some of its queries nobody may want to hear any more.
    const items = late.items.filter((item) => !item.query.closed && item.batch === late.id)
    const batch: Batch = { ...late, items }
    if (items.length === 0) return false
    const deadlineMs = items.reduce((least, item) => Math.min(least, item.deadlineMs), Infinity)
    const busy = parts.isBusy(nowMs)
    if (busy) {
      // In a pool that has just enough to do something waits at any time, and a node that hangs would
      // be found out too late; but who is a bit late there mostly comes in before its twin.
      const lateMs = overdueAtMs(late)
      const againMs = late.meanMs + late.networkMs
      const latestMs = servedByMs(items, parts.afterMs) - againMs
      const mostMs = Math.min(slackOf(items), latestMs - lateMs)
      if (nowMs < lateMs + H.hangs * mostMs) return false
      if (parts.isBusy(nowMs, deadlineMs)) return false
    }
    const takesMs = (slot: Slot) =>
      readyAtMs(slot, nowMs) - nowMs +
      profile.latency(slot.node.id, batch.variant, items.length).meanMs +
      profile.networkMs(slot.node.id, batch.variant.task)
    const isFree = (slot: Slot) =>
      !slot.node.keptFrom.has(batch.variant.ref.pipeline) &&
      isSpare(slot, batch.variant, !busy, nowMs) && creditAtMs(slot, nowMs) <= nowMs &&
      items.every(({ payload }) => parts.fits(payload, slot.node.id))
    const slots = [...parts.nodes()].flatMap((node) =>
      node === batch.slot.node ? [] : node.slots.filter(isFree)
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
        twins.delete(batch.id)
        flights.callOff(late, atMs)
        parts.accept({ ...batch, slot: twin.slot }, told, atMs)
      },
      lost(_, atMs) {
        twins.delete(batch.id)
        const running = flights.batches.get(batch.id)
        if (running !== undefined && running.abandonedUntilMs === null) return
        flights.retry(batch, 'Cannot finish a batch: both nodes that were at it lost it', atMs)
      },
    }, nowMs)
    twins.set(batch.id, twin)
    return true
  }

  function forgotten(batch: Batch, nowMs: number): boolean {
    const twin = twins.get(batch.id)
    if (twin === undefined) return false
    twins.delete(batch.id)
    extras.take(twin.id)
    flights.callOff(twin, nowMs)
    return true
  }

  return {
    forgotten,
    sent(batch) {
      lookAtMs = Math.min(lookAtMs, overdueAtMs(batch))
    },
    ended(batch, nowMs) {
      allowance = Math.min(H.most, allowance + H.share)
      return forgotten(batch, nowMs)
    },
    covers: (batch) => twins.has(batch.id),
    look(nowMs) {
      if (Math.min(lookAtMs, mayLookAtMs) > nowMs) return
      lookAtMs = mayLookAtMs = Infinity
      const batches = flights.batches.values()
      for (const batch of batches) {
        if (batch.items.length === 0 || batch.abandonedUntilMs !== null) continue
        if (twins.has(batch.id)) continue
        const lateMs = overdueAtMs(batch)
        if (lateMs > nowMs) {
          lookAtMs = Math.min(lookAtMs, lateMs)
          continue
        }
        const { slot, items } = batch
        if (slot.batches[0] === batch && lateMs + H.blocks * slackOf(items) <= nowMs) {
          flights.takeBack(slot, nowMs)
        }
        if (allowance < 1 || !hedge(batch, nowMs)) {
          lookAtMs = Math.min(lookAtMs, nowMs + H.againMs)
          if (allowance >= 1) mayLookAtMs = nowMs + H.eachMs * batches.length
        }
      }
    },
    nextMs: () => lookAtMs,
    count: () => hedged,
  }
}

const slackOf = (items: readonly Item[]): number =>
  items.reduce((least, { query }) => Math.min(least, query.slackMs), Infinity)

/** When they have to be served at the latest, so that what follows can end in time. */
const servedByMs = (items: readonly Item[], afterMs: HedgeParts['afterMs']): number =>
  items.reduce((latest, { deadlineMs, bound, query: { level } }) => {
    return Math.min(latest, deadlineMs - (bound === null ? 0 : afterMs(bound, level)))
  }, Infinity)
