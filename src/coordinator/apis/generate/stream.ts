/**
 * An answer as server-sent events, while it is generated. A slow client gets fewer, longer pieces.
 *
 * @module
 */
import type { Context } from 'hono'
import { ApiError } from '../../core/api_error.ts'
import { LEFT } from '../../core/gone.ts'
import type { Running, RunningParts, Whole } from './running.ts'

/** A client that reads nothing for this time is dropped. */
const STALLED_MS = 30_000

/** Writes events as text; each ends with an empty line. */
export interface Writer {
  /** The event before the first piece. */
  head?: string
  piece(text: string): string
  end(whole: Whole): string
  fault(error: ApiError): string
}

/** An event as text. Line breaks in `data` would end it: JSON has none. */
export const eventOf = (data: unknown, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`

/** Responds at the first text, so that a fault before it has its own status. @throws ApiError */
export async function streamed(
  c: Context,
  running: Running,
  { pool: { deadlines }, now, log }: RunningParts,
  { head = '', piece, end, fault }: Writer,
): Promise<Response> {
  await running.begun
  const encoder = new TextEncoder()
  let cancelTimer = () => {}
  let before = head

  /** The next text, and whether it is the last. */
  async function next(): Promise<{ text: string; last: boolean }> {
    try {
      const text = await running.next()
      if (text !== undefined) return { text: piece(text), last: false }
      return { text: end(await running.whole), last: true }
    } catch (error) {
      if (error instanceof ApiError) return { text: fault(error), last: true }
      // The client has left.
      if (error === LEFT || c.req.raw.signal.aborted) return { text: '', last: true }
      log(`fault: ${(error as Error).stack ?? error}`, 'error', {
        ...{ event: 'fault', path: c.req.path },
      })
      const internal = new ApiError('internal', 'Cannot answer: a fault in the coordinator')
      return { text: fault(internal), last: true }
    }
  }

  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      cancelTimer()
      const { text, last } = await next()
      controller.enqueue(encoder.encode(before + text))
      before = ''
      if (last) return controller.close()
      cancelTimer = deadlines.at(now() + STALLED_MS, () => {
        running.leave(LEFT)
        controller.error(LEFT)
      })
    },
    cancel() {
      cancelTimer()
      running.leave(LEFT)
    },
  }, { highWaterMark: 0 })
  // Proxies must not buffer events.
  return c.body(body, 200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
}
