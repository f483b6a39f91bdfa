/**
 * Prices at which the load of each group is what it can do: the least of a convex function, the dual of
 * the fluid program, by Newton steps on the logarithms of the prices.
 *
 * Between "all is served" and "not all can be" all prices rise a thousandfold together, in a narrow
 * valley: descent along one price at a time does not get through it. The curvature is by differences; a
 * step that does not lower the function is tried again with more damping (Levenberg and Marquardt).
 *
 * @module
 */
import { price } from './params.ts'
import type { FluidProgram } from './program.ts'

/** Logarithms of the least and the most that a ms may cost, in accuracy. */
const LEAST = Math.log(1e-8)
const MOST = Math.log(1e2)
/** Of a price's logarithm, for the curvature: more would hide kinks. */
const DIFFERENCE = 1e-6
/** A step changes no price by more than this factor, as a logarithm. */
const LONGEST = 1.5
const WARM_STEPS = 15
const COLD_STEPS = 15
/** Where nothing is known, likeness is narrowed from this much on, by thirds. */
const WIDEST = 0.3

export interface Solution {
  /** By index of group: logarithm of the price of a ms. */
  logs: number[]
  tau: number
}

/**
 * @param capacities by index of group: slots' worth of time
 * @param scale so many times the demand
 * @param start a solution of a problem much like it, if there is one
 */
export function solvePrices(
  program: FluidProgram,
  capacities: readonly number[],
  scale: number,
  start: readonly number[] | undefined,
): Solution {
  const search = new Search(program, capacities, scale, start)
  return { logs: search.solve(start === undefined), tau: program.tau }
}

class Search {
  private readonly logs: number[]
  /** Groups that have any time. */
  private readonly own: number[] = []
  private readonly ratePerS: number
  private worst = Infinity

  constructor(
    private readonly program: FluidProgram,
    private readonly capacities: readonly number[],
    private readonly scale: number,
    start: readonly number[] | undefined,
  ) {
    this.logs = capacities.map((_, g) =>
      Math.min(Math.max(start?.[g] ?? Math.log(1e-3), this.leastOf(g)), MOST)
    )
    capacities.forEach((capacity, g) => {
      if (capacity > 0) this.own.push(g)
      else this.logs[g] = MOST
    })
    this.ratePerS = program.problem.demands.reduce((sum, { ratePerS }) => sum + ratePerS * scale, 0)
  }

  solve(cold: boolean): number[] {
    const { program } = this
    if (this.own.length === 0) return this.logs
    if (!cold) {
      const tau = program.tau = this.narrowest()
      const after = () => this.narrowest()
      if (this.descend(WARM_STEPS) && after() > tau / 2 && after() < tau * 2) return this.logs
    }
    for (program.tau = WIDEST;;) {
      this.descend(COLD_STEPS)
      const next = Math.max(this.narrowest(), program.tau / 3)
      if (next >= 0.99 * program.tau) break
      program.tau = next
    }
    if (this.worst > 0.05) this.descend(4 * COLD_STEPS)
    return this.logs
  }

  /** What counts as alike, at what a query pays now. */
  private narrowest(): number {
    let paid = 0
    for (const g of this.own) paid += Math.exp(this.logs[g]!) * this.capacities[g]!
    return Math.max(price.alike, price.alikePaid * 1000 * paid / Math.max(this.ratePerS, 1e-9))
  }

  /** The dual at the present prices; leaves the load behind in the program. */
  private dual(): number {
    this.program.evaluate(this.logs, this.scale)
    let sum = this.program.gain
    for (const g of this.own) sum += Math.exp(this.logs[g]!) * this.capacities[g]!
    return sum
  }

  /** What a ms of the group costs at the least, as a logarithm. */
  private leastOf(g: number): number {
    return Math.max(LEAST, Math.log(this.program.problem.leastPerMs?.[g] ?? 0))
  }

  /** How far the load is off; below its capacity a group that costs the least is right. */
  private offBy(load: readonly number[]): number {
    let most = 0
    for (const g of this.own) {
      const over = load[g]! / this.capacities[g]! - 1
      const beyond = Math.exp(this.logs[g]!) - (this.program.problem.leastPerMs?.[g] ?? 0)
      most = Math.max(most, over > 0 ? over : Math.min(-over, 1e6 * Math.max(beyond, 0)))
    }
    return most
  }

  /** Whether it got there. */
  private descend(steps: number): boolean {
    const { program, own, logs, capacities } = this
    const n = own.length
    let damping = 0.01
    let value = this.dual()
    let load = [...program.load]
    for (let step = 0; step < steps && this.offBy(load) > price.tolerance; step++) {
      const slopes = own.map((g) => {
        const before = logs[g]!
        logs[g] = before + DIFFERENCE
        program.evaluate(logs, this.scale)
        logs[g] = before
        return own.map((h) => (load[h]! - program.load[h]!) / DIFFERENCE)
      })
      const from = [...logs]
      let lower = false
      for (let tries = 0; tries < 8 && !lower; tries++) {
        const rows = own.map((g, i) => {
          const row = new Float64Array(n + 1)
          for (let j = 0; j < n; j++) row[j] = slopes[j]![i]!
          row[i]! += Math.max(0, capacities[g]! - load[g]!) + damping * capacities[g]!
          row[n] = load[g]! - capacities[g]!
          return row
        })
        const by = solveLinear(rows)
        own.forEach((g, i) => {
          const log = from[g]! + Math.min(Math.max(by[i]!, -LONGEST), LONGEST)
          logs[g] = Math.min(Math.max(log, this.leastOf(g)), MOST)
        })
        const next = this.dual()
        lower = next < value + 1e-12 * Math.abs(value)
        if (lower) {
          value = next
          load = [...program.load]
          damping = Math.max(1e-4, damping / 6)
        } else damping *= 8
      }
      if (lower) continue
      own.forEach((g) => logs[g] = from[g]!)
      break
    }
    this.worst = this.offBy(load)
    return this.worst <= price.tolerance
  }
}

/** Gaussian elimination with pivots; the last column is the right side. */
function solveLinear(rows: Float64Array[]): number[] {
  const n = rows.length
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) {
      if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i
    }
    ;[rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!]
    const top = rows[k]!
    if (Math.abs(top[k]!) < 1e-14) top[k] = 1e-14
    for (let i = k + 1; i < n; i++) {
      const row = rows[i]!
      const part = row[k]! / top[k]!
      if (part !== 0) { for (let j = k; j <= n; j++) row[j]! -= part * top[j]! }
    }
  }
  const result = new Array<number>(n).fill(0)
  for (let k = n - 1; k >= 0; k--) {
    let sum = rows[k]![n]!
    for (let j = k + 1; j < n; j++) sum -= rows[k]![j]! * result[j]!
    result[k] = sum / rows[k]![k]!
  }
  return result
}
