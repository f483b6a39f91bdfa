/**
 * The arrivals of one pipeline: the steady rate, for what takes seconds to follow; the peak that may
 * come for a moment; and the rate of this moment (`level.ts`).
 *
 * @module
 */
import { deviationOf, Level } from './level.ts'
import { arrivals as A } from './params.ts'

export interface Peak {
  /** Queries per second: by chance, or as far above the mean as a surge of the last minute was. */
  perS: number
  /** There was a surge. */
  surges: boolean
}

/** How long a peak may wait, in seconds. */
export const waitingS = (sloMs: number): number =>
  A.waiting * Math.max(0, sloMs - A.windowMs) / 1000

export class Demand {
  /** What the excess of a surge is measured from. */
  private mean: number
  private steady: number
  private readonly level: Level
  private lowWindows = 0
  private counted = 0
  private startMs: number | undefined
  private ended = 0
  private readonly excesses = new Float64Array(A.memory)
  /** Counts of the windows that a surge is counted over, as a ring; and their sum. */
  private readonly latest: Float64Array
  private inLatest = 0
  private readonly waitS: number

  /**
   * @param startPerS queries per second to begin with; 0 where nothing is known
   * @param sloMs the time that a query has
   */
  constructor(private readonly startPerS = 0, sloMs = 0) {
    this.mean = this.steady = startPerS
    this.level = new Level(startPerS, sloMs)
    this.latest = new Float64Array(Math.max(1, Math.round(A.horizon * sloMs / A.windowMs)))
    this.waitS = waitingS(sloMs)
  }

  /** A query arrived, or a share of one. */
  count(nowMs: number, share = 1): void {
    this.advance(nowMs)
    this.counted += share
    this.level.count(nowMs, share)
  }

  /** Queries per second to place for: up at once with a whole second, down only when that lasts. */
  ratePerS(nowMs: number): number {
    this.advance(nowMs)
    return this.steady
  }

  /** Queries per second of this moment. */
  levelPerS(nowMs: number): number {
    return this.level.perS(nowMs)
  }

  /** What may come for a moment. */
  peak(nowMs: number): Peak {
    this.advance(nowMs)
    const most = Math.max(...this.excesses)
    const spanS = this.latest.length * A.windowMs / 1000
    if (most <= this.addedIn(spanS) / spanS) return { perS: this.withoutSurge(), surges: false }
    // A surge lasts until a plan is made and loaded for it; the next one may be larger by chance.
    const surgeS = Math.max(spanS, A.surge * A.windowMs / 1000)
    const perS = A.least ** 2.5 * (this.steady + most) * (surgeS / (surgeS + this.waitS))
    return { perS: Math.max(A.least * this.steady, perS), surges: true }
  }

  /** Queries that chance adds at the most to what comes in so long. */
  private addedIn(spanS: number): number {
    return A.chance * deviationOf(this.steady * spanS)
  }

  /** The least rate that serves bursts over any window in time. */
  private withoutSurge(): number {
    const { steady, waitS } = this
    let perS = Math.min(A.least * steady, steady + this.addedIn(A.windowMs / 1000))
    for (let windows = 1; windows <= A.memory; windows *= 1.5) {
      const spanS = windows * A.windowMs / 1000
      perS = Math.max(perS, (steady * spanS + this.addedIn(spanS)) / (spanS + waitS))
    }
    return perS
  }

  private advance(nowMs: number): void {
    // Asked for a plan before anything happened: no time has begun that windows could be counted from.
    if (nowMs === -Infinity) return
    this.startMs ??= nowMs
    const windows = Math.floor((nowMs - this.startMs) / A.windowMs)
    // After so many without a query nothing of what came before is left.
    const most = this.latest.length + A.memory
    for (let i = 0; i < Math.min(windows, most); i++) this.endWindow()
    this.startMs += windows * A.windowMs
  }

  private endWindow(): void {
    const { counted, latest, ended, steady } = this
    const rate = counted * 1000 / A.windowMs
    const at = ended % latest.length
    this.inLatest += counted - latest[at]!
    latest[at] = counted
    const seenS = Math.min(ended + 1, latest.length) * A.windowMs / 1000
    this.excesses[ended % A.memory] = ended === 0 ? 0 : this.inLatest / seenS - this.mean
    const begins = ended === 0 && this.startPerS === 0
    const proven = A.proven * deviationOf(steady)
    // One low window is a spike's end; two are a fall.
    this.lowWindows = steady - rate > proven ? this.lowWindows + 1 : 0
    if (rate - steady > proven || this.lowWindows >= 2 || begins) this.steady = rate
    else this.steady += A.steady * (rate - steady)
    this.mean = begins ? rate : this.mean + A.weight * (rate - this.mean)
    this.ended++
    this.counted = 0
  }
}
