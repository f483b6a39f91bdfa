/**
 * Exploration: batches larger than any that ran or was measured. A guess of them, that each item adds
 * as much as the first, never has them run, and a node that joins a busy pool would keep to single
 * items. So larger ones are tried while the queue has items for them, twice as large each time that
 * this pays; and what they took replaces the guess.
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

  /** @param measuredMs what one item took when the node measured it, if it did */
  constructor(private readonly measuredMs?: number) {}

  /** Batches up to this size are to be tried; 0 once there is nothing more to find out. */
  get trialSize(): number {
    return this.lostTries < E.tries ? this.size : 0
  }

  /**
   * What a batch of a size that is tried is hoped to take: the first as long as one item, the next as
   * the last two go on. Undefined where there is no hope.
   */
  hopedMs(batch: number): number | undefined {
    const last = this.largest()
    if (last === undefined || this.lostTries >= E.tries) return undefined
    return last.latencyMs + (this.slopeMs() ?? 0) * (batch - last.batch)
  }

  /** A batch ended, or was lost. Returns points in ascending order, where they are news. */
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

  /** A size was tried often enough. */
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

  /** Larger ones are guessed to gain half of what the last two sizes did. */
  private beyond({ batch, latencyMs }: LatencyPoint): LatencyPoint[] {
    const eachMs = latencyMs / batch
    const guessMs = Math.min(eachMs, ((this.slopeMs() ?? eachMs) + eachMs) / 2)
    const next = this.size === 0 ? 2 * batch : this.size
    const nextMs = latencyMs + guessMs * (next - batch)
    return [1, 2].map((n) => ({ batch: n * next, latencyMs: n * nextMs }))
  }

  /** The largest batch that something is known of. */
  private largest(): LatencyPoint | undefined {
    if (this.found.length > 0) return this.found.at(-1)
    if (this.one.count > 0) return this.one.point()
    return this.measuredMs === undefined ? undefined : { batch: 1, latencyMs: this.measuredMs }
  }

  /** What an item more takes, by the two largest sizes. */
  private slopeMs(): number | undefined {
    const [before, last] = this.found.slice(-2)
    if (before === undefined || last === undefined) return undefined
    return Math.max(0, (last.latencyMs - before.latencyMs) / (last.batch - before.batch))
  }
}

/** Of batches of about one size. */
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
