/**
 * Hedges. A batch that exceeds its upper latency is started again on an idle slot of another node while
 * nothing waits. A batch so late that its node seems to hang is also hedged while less urgent items wait,
 * and then behind a running batch too. The first result counts. Hedges are limited to a share of all batches.
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
  /** Shortest duration of the tasks that follow a prefix, in ms. */
  afterMs(prefix: Prefix, level: number): number
  fits: Fits
  /** Whether any item waits for a slot; with `beforeMs`, any item due before then. */
  isBusy(nowMs: number, beforeMs?: number): boolean
  /** Learns a batch's times for its node; returns the event with credible times. */
  learnTimes(batch: Batch, event: Finished, nowMs: number): Finished
  /** Judges and serves the outcomes of a batch. */
  accept(batch: Batch, event: Finished, nowMs: number): void
}

export interface Hedges {
  /** A batch with waiting queries was sent. */
  sent(batch: Batch): void
  /**
   * The result of a batch is here: its hedge is called off. Returns whether it had a hedge: then its items
   * still wait for this result, even if the batch was given up.
   */
  ended(batch: Batch, nowMs: number): boolean
  /** All queries of a batch are closed: its hedge is called off. Returns whether it had a hedge. */
  forgotten(batch: Batch, nowMs: number): boolean
  /** Whether a batch has a hedge, so that losing the batch loses no item. */
  covers(batch: Batch): boolean
  look(nowMs: number): void
  nextMs(): number
  /** Items hedged so far. */
  count(): number
}

export function createHedges(parts: HedgeParts): Hedges {
  const { flights, extras, profile } = parts
  /** Hedges by the batch they repeat. */
  const hedges = createTable<BatchId, Batch>()
  let allowance = H.most
  let lookAtMs = Infinity
  /** Earliest time of the next look, if another event triggers one. */
  let mayLookAtMs = Infinity
  let hedged = 0

  function hedge(late: Batch, nowMs: number): boolean {
    // Some of its queries may be closed already.
    const items = late.items.filter((item) => !item.query.closed && item.batch === late.id)
    const batch: Batch = { ...late, items }
    if (items.length === 0) return false
    const deadlineMs = items.reduce((least, item) => Math.min(least, item.deadlineMs), Infinity)
    const busy = parts.isBusy(nowMs)
    if (busy) {
      // In a pool with just enough slots, something always waits: "only while nothing waits" would find a
      // hanging node too late. But slightly late batches usually finish before the hedge.
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
    const copy = extras.send(slot, batch.variant, { items: sent, deadlineMs }, {
      finished(copy, event, atMs) {
        const credible = parts.learnTimes(copy, event, atMs)
        if (!event.outcomes.some(({ ok }) => ok)) return this.lost(copy, atMs)
        hedges.delete(batch.id)
        flights.callOff(late, atMs)
        parts.accept({ ...batch, slot: copy.slot }, credible, atMs)
      },
      lost(_, atMs) {
        hedges.delete(batch.id)
        const running = flights.batches.get(batch.id)
        if (running !== undefined && running.abandonedUntilMs === null) return
        flights.retry(
          batch,
          'Cannot finish a batch: its node and the node of its hedge lost it',
          atMs,
        )
      },
    }, nowMs)
    hedges.set(batch.id, copy)
    return true
  }

  function forgotten(batch: Batch, nowMs: number): boolean {
    const copy = hedges.get(batch.id)
    if (copy === undefined) return false
    hedges.delete(batch.id)
    extras.take(copy.id)
    flights.callOff(copy, nowMs)
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
    covers: (batch) => hedges.has(batch.id),
    look(nowMs) {
      if (Math.min(lookAtMs, mayLookAtMs) > nowMs) return
      lookAtMs = mayLookAtMs = Infinity
      const batches = flights.batches.values()
      for (const batch of batches) {
        if (batch.items.length === 0 || batch.abandonedUntilMs !== null) continue
        if (hedges.has(batch.id)) continue
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

/** Latest time by which the items must be done for the tasks that follow to end in time. */
const servedByMs = (items: readonly Item[], afterMs: HedgeParts['afterMs']): number =>
  items.reduce((latest, { deadlineMs, bound, query: { level } }) => {
    return Math.min(latest, deadlineMs - (bound === null ? 0 : afterMs(bound, level)))
  }, Infinity)
