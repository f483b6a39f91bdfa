/**
 * What a page knows and a worker does not: whether it is seen, about to end, on battery.
 *
 * @module
 */

export type PageSignal =
  | { type: 'hidden'; hidden: boolean }
  /** The page ends or is put to sleep: there may be only an instant left. */
  | { type: 'leave'; why: string }
  /** Where the browser tells; no word of it does not mean that it is plugged in. */
  | { type: 'battery'; charging: boolean }

export interface PageSignals {
  subscribe(listener: (signal: PageSignal) => void): () => void
}

/** Signals that are sent by hand: by the page's messages, or by a test. */
export function createSignals(): PageSignals & { send(signal: PageSignal): void } {
  const listeners = new Set<(signal: PageSignal) => void>()
  return {
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    send(signal) {
      for (const listener of [...listeners]) listener(signal)
    },
  }
}
