/**
 * An answer as server-sent events, while it is generated. Who reads slowly gets fewer, longer pieces.
 *
 * @module
 */
import type { Context } from 'hono'
import { ApiError } from '../../core/api_error.ts'
import { LEFT } from '../../core/gone.ts'
import type { Running, RunningParts, Whole } from './running.ts'

/** Whoever takes nothing for so long is let go. */
const STALLED_MS = 30_000

/** The text of events; each ends with an empty line. */
export interface Writer {
  /** Before the first piece. */
  head?: string
  piece(text: string): string
  end(whole: Whole): string
  fault(error: ApiError): string
}

/** One event. Line breaks in `data` would end it: JSON has none. */
export const eventOf = (data: unknown, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`

/** Waits until there is something to say: what fails before has its own status. @throws ApiError */
export async function streamed(
  c: Context,
  running: Running,
  { pool: { deadlines }, now, log }: RunningParts,
  { head = '', piece, end, fault }: Writer,
): Promise<Response> {
  await running.begun
  const encoder = new TextEncoder()
  let callOff = () => {}
  let before = head

  /** The next of it, and whether it is the last. */
  async function next(): Promise<{ text: string; last: boolean }> {
    try {
      const text = await running.next()
      if (text !== undefined) return { text: piece(text), last: false }
      return { text: end(await running.whole), last: true }
    } catch (error) {
      if (error instanceof ApiError) return { text: fault(error), last: true }
      // Nobody is there to be told.
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
      callOff()
      const { text, last } = await next()
      controller.enqueue(encoder.encode(before + text))
      before = ''
      if (last) return controller.close()
      callOff = deadlines.at(now() + STALLED_MS, () => {
        running.leave(LEFT)
        controller.error(LEFT)
      })
    },
    cancel() {
      callOff()
      running.leave(LEFT)
    },
  }, { highWaterMark: 0 })
  // Nothing on the way may gather events up.
  return c.body(body, 200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
}
