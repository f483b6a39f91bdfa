/**
 * Estimates of when jobs will be done: from the pages of the last minutes; before these, from pages
 * of an earlier time; without any, from the pipeline's file.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import { JOBS } from './params.ts'

/** Pages of one pipeline over a sliding window. */
export class Rate {
  #beganMs = NaN
  #ends: { atMs: number; pages: number }[] = []
  /** Pages a millisecond of the last whole window that had pages. */
  #before: number | null = null

  constructor(private readonly now: () => number) {}

  /** Called when a part is submitted; after an idle time, counting begins anew. */
  began(): void {
    if (this.#isStale()) this.#beganMs = this.now()
  }

  done(pages: number): void {
    this.began()
    this.#ends.push({ atMs: this.now(), pages })
    if (this.#countedMs() >= JOBS.rateMs) this.#before = this.perMs()
  }

  /** Sets the rate of an earlier run. */
  remember(perMs: number): void {
    this.#before ??= perMs
  }

  /**
   * Pages a millisecond; the earlier rate fills a short window; null where there never were any.
   */
  perMs(): number | null {
    this.#forget()
    const countedMs = this.#countedMs()
    const pages = this.#ends.reduce((sum, { pages }) => sum + pages, 0)
    if (pages === 0) return this.#before
    if (this.#before === null) return pages / Math.max(1, countedMs)
    return (pages + (JOBS.rateMs - countedMs) * this.#before) / JOBS.rateMs
  }

  /** Length of the window so far. */
  #countedMs(): number {
    return Math.min(JOBS.rateMs, this.now() - this.#beganMs)
  }

  #isStale(): boolean {
    const lastMs = this.#ends.at(-1)?.atMs ?? this.#beganMs
    return !(this.now() - lastMs < JOBS.rateMs)
  }

  #forget(): void {
    const sinceMs = this.now() - JOBS.rateMs
    const first = this.#ends.findIndex(({ atMs }) => atMs >= sinceMs)
    if (first !== 0) this.#ends.splice(0, first < 0 ? this.#ends.length : first)
  }
}

/** Pages a millisecond on the machine that measured the pipeline's file; null without figures. */
export function expectedPerMs(pipeline: Pipeline, slots: number): number | null {
  const pageMs = costOf(pipeline, pipeline.root, 1)
  return pageMs === null || pageMs === 0 || slots === 0 ? null : slots / pageMs
}

/** Time of a number of items of a task by its best variant, and of all tasks behind it. */
function costOf({ tasks, ...rest }: Pipeline, name: string, items: number): number | null {
  const task = tasks[name]!
  const best = Object.values(task.variants).reduce((a, b) => b.accuracy > a.accuracy ? b : a)
  if (best.referenceMs === undefined) return null
  let sum = items * (best.rows ?? 1) * best.referenceMs
  for (const next of task.next) {
    const isOne = tasks[next]?.gather === true
    const cost = costOf({ tasks, ...rest }, next, isOne ? 1 : items * (best.fanOut?.[next] ?? 1))
    if (cost === null) return null
    sum += cost
  }
  return sum
}
