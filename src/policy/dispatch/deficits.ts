/**
 * Deficit counters: by how many items each variant on each group lags behind the market's flows. Paths of
 * equal value at the market's prices are ranked by deficit. Without deficits all items would take one path,
 * then all the other, and the queues would oscillate.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { Market } from '../price/market.ts'
import { dispatch } from './params.ts'

export class Deficits {
  /** Deficits in items: by task index, variant position, group index. */
  private counts: (number[][] | undefined)[] = []
  /** Planned shares of the task's items, indexed alike; empty for a task without flow. */
  private shares: (number[][] | undefined)[] = []
  private market: Market | undefined
  private keys: string[] = []
  private factor = NaN

  adopt(market: Market, factor: number): void {
    if (market === this.market && factor === this.factor) return
    if (market !== this.market) this.move(market.problem.groups.map(({ key }) => key))
    this.market = market
    this.factor = factor
    this.shares = []
  }

  /** Carries the counts over to a new numbering of groups. */
  private move(keys: string[]): void {
    if (keys.length === this.keys.length && keys.every((key, g) => key === this.keys[g])) return
    const before = new Map(this.keys.map((key, g) => [key, g]))
    this.counts = this.counts.map((rows) =>
      rows?.map((row) => keys.map((key) => row[before.get(key) ?? -1] ?? 0))
    )
    this.keys = keys
  }

  /** Deficit of a variant on a group, in items, counting the next item. */
  of({ index, task }: VariantShape, group: number): number {
    const shares = this.sharesOf(task)
    if (shares.length === 0) return 0
    const position = index - task.variants[0]!.index
    return this.countsOf(task)[position]![group]! + shares[position]![group]!
  }

  /** Counts items that were sent. */
  charge({ index, task }: VariantShape, group: number, items: number): void {
    const shares = this.sharesOf(task)
    if (shares.length === 0) return
    const position = index - task.variants[0]!.index
    const counts = this.countsOf(task)
    for (let v = 0; v < counts.length; v++) {
      const row = counts[v]!
      for (let g = 0; g < row.length; g++) {
        const done = v === position && g === group ? items : 0
        const next = row[g]! + shares[v]![g]! * items - done
        row[g] = Math.min(Math.max(next, -dispatch.mostDeficit), dispatch.mostDeficit)
      }
    }
  }

  private countsOf(task: TaskShape): number[][] {
    return this.counts[task.index] ??= task.variants.map(() => this.none())
  }

  private none = () => this.market!.problem.groups.map(() => 0)

  private sharesOf(task: TaskShape): number[][] {
    const known = this.shares[task.index]
    if (known !== undefined) return known
    const market = this.market!
    let all = 0
    let rows = task.variants.map(({ index }) => {
      const row = this.none()
      market.flowAt(index, this.factor).forEach((perS, u) => {
        row[market.usesOf(index)[u]!.group] = perS
        all += perS
      })
      return row
    })
    rows = all > 1e-3 ? rows.map((row) => row.map((perS) => perS / all)) : []
    return this.shares[task.index] = rows
  }
}
