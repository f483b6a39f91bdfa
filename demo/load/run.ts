/**
 * Sends queries when they are due.
 *
 * Moments are reckoned from the start, never from the query before, so that a machine that was busy
 * sends late and catches up, and the demand over time stays what was asked for.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { createArrivals, createEvenArrivals } from '../../src/sim/arrivals.ts'
import { createRandom, seedFor } from '../../src/sim/random.ts'
import type { Answered } from './ask.ts'
import type { Asked, ClosedOrder, LoadOrder, OpenOrder } from './types.ts'

export interface RunOptions {
  ask(query: number): Promise<Answered>
  told(asked: Asked): void
  now?: () => number
  /** Ends before its time where `signal` aborts. */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Ends the sending; what is under way is waited for. */
  signal?: AbortSignal
}

const realSleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  pause(Math.ceil(ms), undefined, signal === undefined ? {} : { signal }).catch(() => {})

/** Who is behind sends at once, but no longer than this without a look at what came in. */
const UNHEARD_MS = 5

/** Resolves when the last query is answered. */
export async function runLoad(order: LoadOrder, options: RunOptions): Promise<void> {
  const { now = () => performance.now(), told } = options
  const startMs = now()
  let serial = 0

  async function send(dueMs?: number): Promise<void> {
    const query = serial++
    const sentMs = now() - startMs
    const due = dueMs ?? sentMs
    const answered = await options.ask(query)
    told({ query, dueMs: due, sentMs, latencyMs: now() - startMs - due, ...answered })
  }

  if ('trace' in order) await open(order, options, () => now() - startMs, send)
  else await closed(order, options, () => now() - startMs, send)
}

/** When the queries of an order are due: the next after each call, in ms; Infinity after the last. */
export const dueTimesOf = (
  { trace, arrivals, seed }: Pick<OpenOrder, 'trace' | 'arrivals' | 'seed'>,
): () => number =>
  arrivals === 'even'
    ? createEvenArrivals(trace)
    : createArrivals(trace, createRandom(seedFor(seed, 'load')))

async function open(
  order: OpenOrder,
  { sleep = realSleep, signal }: RunOptions,
  passedMs: () => number,
  send: (dueMs: number) => Promise<void>,
): Promise<void> {
  const next = dueTimesOf(order)
  const pending = new Set<Promise<void>>()
  let heardMs = 0
  for (let dueMs = next(); dueMs < Infinity; dueMs = next()) {
    if (passedMs() - heardMs > UNHEARD_MS) {
      await sleep(0, signal)
      heardMs = passedMs()
    }
    while (passedMs() < dueMs && signal?.aborted !== true) {
      await sleep(dueMs - passedMs(), signal)
      heardMs = passedMs()
    }
    if (signal?.aborted) break
    const one: Promise<void> = send(dueMs).finally(() => pending.delete(one))
    pending.add(one)
  }
  await Promise.all(pending)
}

async function closed(
  { atOnce, seconds }: ClosedOrder,
  { signal }: RunOptions,
  passedMs: () => number,
  send: () => Promise<void>,
): Promise<void> {
  const client = async () => {
    while (passedMs() < 1000 * seconds && signal?.aborted !== true) await send()
  }
  await Promise.all(Array.from({ length: atOnce }, client))
}
