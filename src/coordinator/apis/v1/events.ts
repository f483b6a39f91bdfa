/**
 * `GET /v1/events`: plan, nodes and metrics as they change, as server-sent events, at most four a
 * second to each listener.
 *
 * @module
 */
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { ApiError } from '../../core/api_error.ts'
import { createRoom } from '../../core/shares.ts'
import { leftAddress } from '../../http/access/caller.ts'
import { wantsBody } from '../../http/wants_body.ts'
import type { History } from '../../observe/history.ts'
import type { Pool } from '../../pool/pool.ts'
import { createEventFeed, type Standing } from './event_feed.ts'

/** A little over a quarter of a second: never five events within one second. */
const STEP_MS = 260
const PING_MS = 15_000
/** A listener that reads nothing for this time is dropped. */
const STALLED_MS = 30_000
const MAX_LISTENERS = 64
const RETRY_MS = 5000

export interface Events {
  readonly listeners: number
  /**
   * @param watch calls its argument once this listener may not listen any more
   * @throws ApiError where there are too many listeners already
   */
  listen(c: Context, watch: (shut: () => void) => () => void): Response
}

export function createEvents(pool: Pool, history: History, now: () => number): Events {
  const listeners = createRoom(() => ({
    ...{ most: MAX_LISTENERS, deed: 'take a listener', what: 'listeners', retryAfterMs: RETRY_MS },
  }))
  let serial = 0
  let latest: Standing | undefined

  /** The state, read once for all listeners of a moment. */
  function standing(): Standing {
    const atMs = now()
    if (latest === undefined || atMs - latest.atMs >= STEP_MS / 2) {
      const { pipelines, nodes } = pool.stats()
      latest = {
        ...{ atMs, plan: pool.plan(), nodes: pool.nodes(), pipelines },
        latency: history.latency(),
        energy: pool.energy(),
        items: Object.fromEntries(Object.entries(nodes).map(([id, { items }]) => [id, items])),
      }
    }
    return latest
  }

  return {
    get listeners() {
      return listeners.all()
    },
    listen(c, watch) {
      if (pool.draining.aborted) {
        throw new ApiError('draining', 'Cannot take a listener: shutting down')
      }
      const holder = leftAddress(c)
      listeners.check(1, holder)
      if (!wantsBody(c)) return c.body('', 200, { 'content-type': 'text/event-stream' })
      listeners.take(1, holder)
      // Proxies must not buffer events.
      c.header('x-accel-buffering', 'no')
      return streamSSE(c, async (stream) => {
        const client = new AbortController()
        stream.onAbort(() => client.abort())
        const shut = new AbortController()
        const unwatch = watch(() => shut.abort())
        const ended = AbortSignal.any([client.signal, pool.draining, shut.signal])
        const feed = createEventFeed()
        let pingAtMs = now() + PING_MS
        try {
          while (!ended.aborted) {
            const next = feed(standing())
            let written: Promise<unknown> | undefined
            if (next !== undefined) {
              const { event, data } = next
              serial++
              written = stream.writeSSE({ event, data: JSON.stringify(data), id: String(serial) })
            } else if (now() >= pingAtMs) written = stream.write(': ping\n\n')
            if (written !== undefined) {
              pingAtMs = now() + PING_MS
              if (!await doneWithin(written, STALLED_MS, ended)) break
            }
            await pause(STEP_MS, ended)
          }
        } finally {
          listeners.take(-1, holder)
          unwatch()
          // This also ends a write to a stalled listener.
          if (!client.signal.aborted && !pool.draining.aborted) stream.abort()
        }
      })
    },
  }
}

/** Resolves after the time, or at once when `ended` is. */
function pause(ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      ended.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    ended.addEventListener('abort', done)
    if (ended.aborted) done()
  })
}

/** False when the time ran out, or `ended` came first. */
async function doneWithin(work: Promise<unknown>, ms: number, ended: AbortSignal) {
  let done = false
  const stop = new AbortController()
  await Promise.race([
    work.then(() => done = true),
    pause(ms, AbortSignal.any([ended, stop.signal])),
  ])
  stop.abort()
  return done
}
