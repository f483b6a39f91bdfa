/**
 * What a page knows and a worker does not: whether it is seen, about to end, on battery, pressed.
 *
 * @module
 */

export type PageSignal =
  | { type: 'hidden'; hidden: boolean }
  /** The page ends or is put to sleep: there may be only an instant left. */
  | { type: 'leave'; why: string }
  /**
   * Where the browser tells; no word of it does not mean that it is plugged in. `level` is a share
   * of full.
   */
  | { type: 'battery'; charging: boolean; level?: number }
  /** How hard-pressed the processor is, by whatever runs on it. */
  | { type: 'pressure'; state: Pressure }
  /** Of the day on the device's clock, in minutes since midnight. */
  | { type: 'time'; minute: number }
  /** Whether each megabyte may cost the volunteer something. */
  | { type: 'link'; metered: boolean }

/** As the Compute Pressure API has it, from idle to overload. */
export type Pressure = 'nominal' | 'fair' | 'serious' | 'critical'

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
