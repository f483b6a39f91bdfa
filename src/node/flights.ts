/**
 * Batches under way: taken, offered to their slot, and answered as long as somebody waits for them.
 *
 * @module
 */
import type { Said } from '../pipeline/generate.ts'
import type { BatchMessage, NodeMessage } from '../protocol/messages.ts'
import type { ItemResult } from '../stages/types.ts'
import { type BatchItems, clip, expiredOf, itemsOf, resultOf } from './batch_items.ts'
import type { Clock } from './clock.ts'
import type { PayloadStore } from './payloads.ts'
import { saidMessages } from './said.ts'
import type { SlotBatch } from './slot/batch_queue.ts'
import type { BatchTimes } from './slot/events.ts'
import type { SlotPool } from './slot/pool.ts'

export interface FlightsOptions {
  clock: Clock
  payloads: PayloadStore
  pool(): SlotPool
  send(message: NodeMessage, blobs?: readonly Uint8Array[]): void
  /** Nobody waits for a batch any more. */
  settled(): void
  /** Whether batches of this variant may last long. */
  generates(key: string): boolean
}

export interface Flights {
  take(message: BatchMessage, blobs: readonly Uint8Array[]): void
  /** Calls a batch off; that it has ended is told. */
  cancel(batch: number): void
  /** What slots say of batches; of one that nobody waits for it is passed over. */
  said(batch: SlotBatch, said: readonly Said[]): void
  done(batch: SlotBatch, results: ItemResult[], times: BatchTimes): void
  expired(batch: SlotBatch, times: BatchTimes): void
  failed(batch: SlotBatch, why: string): void
  calledOff(batch: SlotBatch, ended: { computeMs?: number } | undefined): void
  /** Lets go of batches that generate, for other nodes to go on with. */
  handOver(why: string): void
  /** The connection is gone, and with it all who waited. */
  lost(): void
  /** From now on batches are turned away. */
  turnAway(): void
  readonly size: number
}

interface Flight {
  slot: number
  found: BatchItems
}

export function createFlights(options: FlightsOptions): Flights {
  const { clock, payloads, send } = options
  const flights = new Map<SlotBatch, Flight>()
  /** Called off, and still running: that they have ended is told. */
  const calledOff = new Set<SlotBatch>()
  let turnsAway = false

  const fail = (batch: number, why: string) =>
    send({ type: 'batch_failed', batch, message: clip(why) })
  const flightOf = (number: number) => [...flights].find(([{ batch }]) => batch === number)
  const cancelIn = (slot: number, batch: number) => options.pool().warm(slot)?.cancel(batch)

  /** Ends a flight; nothing where it was cancelled or belongs to a connection that is gone. */
  function land(batch: SlotBatch, tell: (flight: Flight) => void): void {
    const flight = flights.get(batch)
    flights.delete(batch)
    if (flight !== undefined) tell(flight)
    if (flights.size === 0) options.settled()
  }

  function answer(
    batch: number,
    { found }: Flight,
    results: ItemResult[],
    times: BatchTimes,
  ): void {
    try {
      const { message, blobs } = resultOf(batch, found, results, times, payloads)
      send(message, blobs)
    } catch (error) {
      // A program of a pipeline's author may hand over what is no result, or one too large.
      fail(batch, (error as Error).message)
    }
  }

  function offer(slot: number, batch: SlotBatch, found: BatchItems): string | undefined {
    flights.set(batch, { slot, found })
    const answer = options.pool().slot(slot)?.offer(batch) ?? 'no_slot'
    if (answer === 'taken') return undefined
    flights.delete(batch)
    if (answer === 'full') return `Slot ${slot} has as many batches waiting as it takes`
    return answer === 'not_held'
      ? `Slot ${slot} does not hold ${batch.key}`
      : `There is no slot ${slot}`
  }

  return {
    take(message, blobs) {
      const receivedMs = clock.nowMs()
      const { batch, slot, crops, remainingMs, giveUpMs } = message
      const found = itemsOf(message, blobs, payloads)
      payloads.release(message.release ?? [])
      if (turnsAway) return fail(batch, 'The node is leaving')
      if (found.items.length === 0) {
        const times = { queueMs: 0, computeMs: 0, elapsedMs: clock.nowMs() - receivedMs }
        return send(resultOf(batch, found, [], times, payloads).message)
      }
      const fault = offer(slot, {
        batch,
        items: found.items,
        crops,
        receivedMs,
        giveUpMs,
        key: `${message.pipeline}/${message.task}/${message.variant}`,
        expiresMs: receivedMs + remainingMs,
      }, found)
      if (fault !== undefined) fail(batch, fault)
    },
    cancel(number) {
      const [batch, flight] = flightOf(number) ?? []
      if (batch !== undefined && flight !== undefined) {
        flights.delete(batch)
        if (cancelIn(flight.slot, number) === 'runs') calledOff.add(batch)
      }
      if (flights.size === 0) options.settled()
    },
    said(batch, said) {
      const flight = flights.get(batch)
      if (flight === undefined) return
      saidMessages(batch.batch, said, flight.found.positions).forEach((message) => send(message))
    },
    done: (batch, results, times) =>
      land(batch, (flight) => answer(batch.batch, flight, results, times)),
    expired: (batch, times) =>
      land(batch, ({ found }) => send(expiredOf(batch.batch, found.size, times))),
    failed: (batch, why) => land(batch, () => fail(batch.batch, why)),
    calledOff(batch, ended) {
      // A slot whose worker was lost is not free before the next one is up.
      if (!calledOff.delete(batch) || ended === undefined) return
      send({ type: 'batch_failed', batch: batch.batch, message: 'Called off', ...ended })
    },
    handOver(why) {
      for (const [batch, { slot }] of flights) {
        if (!options.generates(batch.key)) continue
        land(batch, () => fail(batch.batch, why))
        cancelIn(slot, batch.batch)
      }
    },
    lost() {
      for (const [{ batch }, { slot }] of flights) cancelIn(slot, batch)
      flights.clear()
      calledOff.clear()
      options.settled()
    },
    turnAway() {
      turnsAway = true
    },
    get size() {
      return flights.size
    },
  }
}
