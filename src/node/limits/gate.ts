/**
 * Open or closed by a signal with two thresholds and a least stay on either side, so that a signal
 * that trembles does not make it flap.
 *
 * @module
 */
import type { Clock } from '../clock.ts'

/** Beyond the one threshold, beyond the other, or in between, where all stays as it is. */
export type Zone = 'bad' | 'between' | 'good'

export interface Gate {
  /** The signal is here now, and must stay for `dwellMs` to move the gate. */
  feed(zone: Zone, dwellMs: number): void
  readonly closed: boolean
  stop(): void
}

export function createGate(clock: Clock, changed: (closed: boolean) => void): Gate {
  let closed = false
  let pending: { zone: Zone; atMs: number } | undefined
  let disarm = () => {}

  function settle(): void {
    disarm()
    pending = undefined
  }

  function move(): void {
    settle()
    closed = !closed
    changed(closed)
  }

  return {
    feed(zone, dwellMs) {
      const wanted = zone === 'bad' ? true : zone === 'good' ? false : closed
      if (wanted === closed) return settle()
      const atMs = clock.nowMs() + dwellMs
      // It has stayed there since before: only a shorter wait counts.
      if (pending?.zone === zone && pending.atMs <= atMs) return
      settle()
      if (dwellMs <= 0) return move()
      pending = { zone, atMs }
      disarm = clock.after(dwellMs, move)
    },
    get closed() {
      return closed
    },
    stop: settle,
  }
}
