/**
 * Fairness: the share of each pipeline's queries that an overloaded pool serves. Shares are proportional
 * to the weights of pipelines (max-min): weights times the largest factor at which the quickest paths fit.
 *
 * @module
 */
import type { PipelineShape, Shapes } from '../core/graph.ts'
import { fairness } from './params.ts'
import type { Paths } from './paths.ts'

export class Fairness {
  private readonly shares = new Map<PipelineShape, number>()
  /** Queries that may be admitted now. */
  private readonly credits = new Map<PipelineShape, number>()
  private most = 1
  /** Share of the pool's time that each pipeline takes by its quickest paths. */
  private readonly loads = new Map<PipelineShape, number>()

  constructor(private readonly shapes: Shapes) {}

  /** @param ratesPerS queries per second by position of the pipeline */
  share(ratesPerS: readonly number[], paths: Paths): void {
    const all = [...this.shapes.pipelines.values()]
    const needs = all.map(({ start }, p) =>
      (paths.quickest(start, 0)?.stationMs ?? []).map((ms) => ms * ratesPerS[p]! / 1000)
    )
    const weights = all.map(({ pipeline }) => pipeline.weight ?? 1)
    const fits = (level: number) => {
      const loads: number[] = []
      needs.forEach((own, p) =>
        own.forEach((ms, s) => loads[s] = (loads[s] ?? 0) + ms * Math.min(1, level * weights[p]!))
      )
      return loads.every((load) => load <= 1)
    }
    let [low, high] = [0, 1 / Math.min(...weights)]
    if (fits(high)) low = high
    for (let i = 0; i < fairness.halvings && low < high; i++) {
      const middle = (low + high) / 2
      if (fits(middle)) low = middle
      else high = middle
    }
    this.shares.clear()
    this.loads.clear()
    all.forEach((shape, p) => {
      const share = Math.min(1, low * weights[p]!)
      this.shares.set(shape, share)
      this.loads.set(shape, share * Math.max(0, ...needs[p]!))
    })
    this.most = Math.max(...this.shares.values())
  }

  /**
   * Whether a query may be admitted. Every query of the pipeline with the largest share may: it gets the
   * capacity that the others leave.
   */
  mayEnter(shape: PipelineShape): boolean {
    const share = this.shares.get(shape) ?? 1
    if (share >= this.most) return true
    const credit = Math.min(fairness.mostCredit, (this.credits.get(shape) ?? 0) + share)
    this.credits.set(shape, credit)
    return credit >= 1
  }

  /**
   * ms until a query begins that would begin after `beginsMs` without overtaking: queries of pipelines with
   * a shorter SLO that arrive until then have earlier deadlines and go first.
   */
  overtakenMs({ pipeline: { sloMs } }: PipelineShape, beginsMs: number): number {
    let load = 0
    let beforeMs = 0
    for (const [{ pipeline }, own] of this.loads) {
      if (pipeline.sloMs >= sloMs || pipeline.sloMs >= beginsMs) continue
      load += own
      beforeMs += own * pipeline.sloMs
    }
    return load === 0 ? beginsMs : (beginsMs - beforeMs) / Math.max(1 - load, 1e-3)
  }

  entered(shape: PipelineShape): void {
    const credit = this.credits.get(shape)
    if (credit !== undefined) this.credits.set(shape, Math.max(0, credit - 1))
  }
}
