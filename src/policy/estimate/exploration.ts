/**
 * Exploration: trials of batches larger than any that ran or was measured. The guess for these, that each
 * item adds as much as the first, would never let them run, and a node that joins a busy pool would stay
 * with single items. So larger batches are tried while the queue has items for them, doubling as long as
 * that pays; the measured times replace the guess.
 *
 * @module
 */
import type { LatencyPoint } from '../core/types.ts'
import { exploration as E } from './params.ts'

export class Exploration {
  private size = 2
  private readonly found: LatencyPoint[] = []
  private readonly one = new Mean()
  private tried = new Mean()
  private lostTries = 0

  /** @param measuredMs time of one item if the node measured it */
  constructor(private readonly measuredMs?: number) {}

  /** Batches up to this size are to be tried; 0 once nothing more is to be learned. */
  get trialSize(): number {
    return this.lostTries < E.tries ? this.size : 0
  }

  /**
   * Hoped time of a batch of a tried size: the first as long as one item, later ones extrapolated from the
   * last two sizes. Undefined without such an estimate.
   */
  hopedMs(batch: number): number | undefined {
    const last = this.largest()
    if (last === undefined || this.lostTries >= E.tries) return undefined
    return last.latencyMs + (this.slopeMs() ?? 0) * (batch - last.batch)
  }

  /** A batch ended, or was lost. Returns new points in ascending order, if there are any. */
  ended(batch: number, ms: number, lost: boolean): LatencyPoint[] | undefined {
    const { found, one } = this
    if (this.size === 0) return undefined
    const isTried = batch > Math.max(this.size / 2, E.apart * (found.at(-1)?.batch ?? 0))
    if (lost) {
      if (isTried) this.lostTries++
      return undefined
    }
    if (!isTried) {
      if (found.length === 0) one.add(batch, ms)
      return undefined
    }
    this.tried.add(batch, ms)
    return this.tried.count < E.tries ? undefined : this.conclude()
  }

  /** Ends the trials of a size. */
  private conclude(): LatencyPoint[] {
    const { found } = this
    const before = this.largest()
    if (found.length === 0 && before !== undefined) found.push(before)
    const now = this.tried.point()
    const pays = before === undefined ||
      now.latencyMs / now.batch <=
        E.pays ** Math.log2(now.batch / before.batch) * before.latencyMs / before.batch
    found.push(now)
    do this.size *= 2
    while (this.size <= E.apart * now.batch)
    if (!pays || this.size > E.most) this.size = 0
    this.tried = new Mean()
    this.lostTries = 0
    return [...found, ...this.beyond(now)]
  }

  /** Guess for larger sizes: half the gain of the last two sizes. */
  private beyond({ batch, latencyMs }: LatencyPoint): LatencyPoint[] {
    const eachMs = latencyMs / batch
    const guessMs = Math.min(eachMs, ((this.slopeMs() ?? eachMs) + eachMs) / 2)
    const next = this.size === 0 ? 2 * batch : this.size
    const nextMs = latencyMs + guessMs * (next - batch)
    return [1, 2].map((n) => ({ batch: n * next, latencyMs: n * nextMs }))
  }

  /** The largest known batch size. */
  private largest(): LatencyPoint | undefined {
    if (this.found.length > 0) return this.found.at(-1)
    if (this.one.count > 0) return this.one.point()
    return this.measuredMs === undefined ? undefined : { batch: 1, latencyMs: this.measuredMs }
  }

  /** ms per further item, by the two largest sizes. */
  private slopeMs(): number | undefined {
    const [before, last] = this.found.slice(-2)
    if (before === undefined || last === undefined) return undefined
    return Math.max(0, (last.latencyMs - before.latencyMs) / (last.batch - before.batch))
  }
}

/** Mean of batches of similar size. */
class Mean {
  count = 0
  private items = 0
  private sumMs = 0

  add(batch: number, ms: number): void {
    this.count++
    this.items += batch
    this.sumMs += ms
  }

  point(): LatencyPoint {
    return { batch: this.items / this.count, latencyMs: this.sumMs / this.count }
  }
}
