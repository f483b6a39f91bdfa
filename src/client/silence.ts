/** @module Gives up what falls silent: a connection whose other end is gone may stay open for ever. */
import { ShoalError } from './error.ts'

export interface Silence {
  /** Aborts as the caller's does, and when what was waited for did not come in time. */
  readonly signal: AbortSignal
  /** Waits for the next sign of life. */
  until<T>(next: Promise<T>): Promise<T>
  /** Nothing is waited for any more. */
  end(): void
}

/** A timer set for longer fires at once. */
const LONGEST_MS = 2 ** 31 - 1

/** @param mostMs longest time without a sign of life */
export function createSilence(mostMs: number, signal: AbortSignal | undefined): Silence {
  const own = new AbortController()
  // By hand: `AbortSignal.any` is younger than many a phone's browser.
  const stop = () => own.abort(signal?.reason)
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop)
  return {
    signal: own.signal,
    async until(next) {
      const timer = setTimeout(() => {
        const message = `Cannot go on: nothing came for ${mostMs / 1000} s`
        own.abort(new ShoalError(0, 'unreachable', message))
      }, Math.min(mostMs, LONGEST_MS))
      try {
        return await next
      } finally {
        clearTimeout(timer)
      }
    },
    end: () => signal?.removeEventListener('abort', stop),
  }
}
