/** @module How long a call may take, and how long to wait before it is tried again. */
import { ShoalError } from './error.ts'

/** The longest that the coordinator grants a query, and so the longest that any call waits. */
export const MOST_MS = 600_000
/** The coordinator answers at the deadline at the latest: after so much more nobody is there. */
const GRACE_MS = 500
/** Waits are drawn out by up to this share, so that those refused together do not come together. */
const JITTER = 0.25

/** As the coordinator takes it: whole milliseconds, 1..600000. */
export const granted = (ms: number): number => Math.min(Math.max(1, Math.floor(ms)), MOST_MS)

/** @throws RangeError for what is no span of time */
export function readTimeout(ms: number | undefined): number | undefined {
  if (ms === undefined) return undefined
  if (Number.isFinite(ms) && ms >= 0) return granted(ms)
  throw new RangeError(`Cannot use timeoutMs: must be a number of milliseconds: received ${ms}`)
}

/** Milliseconds until another try, drawn out a little; undefined where none can succeed. */
export function waitOf(error: unknown): number | undefined {
  if (!(error instanceof ShoalError) || error.retryAfterS === undefined) return undefined
  return 1000 * error.retryAfterS * (1 + JITTER * Math.random())
}

/** Gives up when the time and a little more is over. */
export async function within<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(() => {
    const message = `Cannot answer within ${ms} ms: nothing came back`
    late.abort(new ShoalError(0, 'deadline_exceeded', message))
  }, ms + GRACE_MS)
  // By hand: `AbortSignal.any` is younger than many a phone's browser.
  const stop = () => late.abort(signal?.reason)
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop)
  try {
    return await work(late.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
