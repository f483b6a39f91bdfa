/**
 * The current rate, for decisions that can change at once: a mean over windows, in which a window that
 * chance does not explain replaces all before it; and a short window, if its count is more or less than
 * chance explains.
 *
 * Windows grow with the time that queries have: if a query has five seconds, a burst of one second is done
 * in time whatever the estimate, and a plan for every burst would be a bad one.
 *
 * @module
 */
import { arrivals as A } from './params.ts'

/** Standard deviation of a Poisson count of that mean. */
export const deviationOf = (count: number) => Math.sqrt(Math.max(count, 1))

export class Level {
  private readonly windowMs: number
  /** The short window is a ring of steps; the newest of them show the end of a burst. */
  private readonly steps: Float64Array
  private readonly newest: number
  private step = 0
  private inShort = 0
  private perWindow: number
  private counted = 0
  private ended = 0
  private startMs: number | undefined
  private firstMs = Infinity

  /**
   * @param startPerS initial queries per second; 0 if unknown
   * @param sloMs time that a query has
   */
  constructor(private readonly startPerS = 0, sloMs = 0) {
    this.windowMs = Math.max(A.windowMs, sloMs)
    this.steps = new Float64Array(Math.floor(A.short * this.windowMs / A.stepMs))
    this.newest = Math.min(Math.ceil(A.short * A.windowMs / A.stepMs), this.steps.length)
    this.perWindow = startPerS * this.windowMs / 1000
  }

  /** Counts a query, or a share of one. */
  count(nowMs: number, share = 1): void {
    this.advance(nowMs)
    this.counted += share
    this.steps[this.step % this.steps.length]! += share
    this.inShort += share
  }

  /** Current queries per second. */
  perS(nowMs: number): number {
    this.advance(nowMs)
    const { steps: { length }, newest } = this
    const sinceMs = nowMs - this.firstMs
    let perS = raised(this.usualPerS(nowMs), this.inShort, length * A.stepMs)
    if (sinceMs > length * A.stepMs) perS = lowered(perS, this.inShort, length * A.stepMs)
    if (newest < length && sinceMs > newest * A.stepMs) {
      perS = lowered(perS, this.inNewest(), newest * A.stepMs)
    }
    return perS
  }

  private advance(nowMs: number): void {
    // Read before any event: windows have no start yet.
    if (nowMs === -Infinity) return
    if (this.startMs === undefined) {
      this.startMs = this.firstMs = nowMs
      this.step = Math.floor(nowMs / A.stepMs)
    }
    const windows = Math.floor((nowMs - this.startMs) / this.windowMs)
    for (let i = 0; i < Math.min(windows, A.memory); i++) this.endWindow()
    this.startMs += windows * this.windowMs
    const at = Math.floor(nowMs / A.stepMs)
    const { steps } = this
    for (let passed = Math.min(at - this.step, steps.length); passed > 0; passed--) {
      const oldest = (at - passed + 1) % steps.length
      this.inShort -= steps[oldest]!
      steps[oldest] = 0
    }
    this.step = at
  }

  private endWindow(): void {
    const { counted, perWindow } = this
    this.ended++
    const isProven = Math.abs(counted - perWindow) > A.proven * deviationOf(perWindow)
    if (isProven) this.perWindow = counted
    else this.perWindow += A.weight * (counted - perWindow)
    this.counted = 0
  }

  /** Before the first window ends, the rate of the count so far; a single query is no rate. */
  private usualPerS(nowMs: number): number {
    if (this.ended > 0 || this.startPerS > 0 || nowMs - this.firstMs < A.windowMs) {
      return this.perWindow * 1000 / this.windowMs
    }
    const overMs = this.counted > 1 ? nowMs - this.firstMs : this.windowMs
    return this.counted * 1000 / overMs
  }

  private inNewest(): number {
    const { steps, step } = this
    let sum = 0
    for (let i = 0; i < this.newest; i++) sum += steps[(step - i) % steps.length]!
    return sum
  }
}

/** Raises the rate if the count exceeds what chance explains: to the count minus half a deviation. */
function raised(perS: number, count: number, windowMs: number): number {
  const expected = perS * windowMs / 1000
  if (count <= expected + A.proven * deviationOf(expected)) return perS
  return Math.max(perS, (count - Math.sqrt(count) / 2) * 1000 / windowMs)
}

/** Lowers the rate if the count is below what chance explains: to the count plus a deviation. */
function lowered(perS: number, count: number, windowMs: number): number {
  const expected = perS * windowMs / 1000
  if (count >= expected - A.proven * deviationOf(expected)) return perS
  return Math.min(perS, (count + Math.sqrt(count + 1)) * 1000 / windowMs)
}
