/**
 * Prices at which the load of each group equals its capacity: the minimum of a convex function, the dual
 * of the fluid program, by Newton steps on the logarithms of the prices.
 *
 * Between "all served" and "not all can be served", all prices rise a thousandfold together in a narrow
 * valley; coordinate descent does not get through it. The curvature is taken from finite differences; a
 * step that does not lower the function is repeated with more damping (Levenberg and Marquardt).
 *
 * @module
 */
import { price } from './params.ts'
import type { FluidProgram } from './program.ts'

/** Logarithms of the least and the greatest price of a ms, in accuracy. */
const LEAST = Math.log(1e-8)
const MOST = Math.log(1e2)
/** Step of a price's logarithm for the finite differences: a larger one would hide kinks. */
const DIFFERENCE = 1e-6
/** Limit of one step, as a change of a price's logarithm. */
const LONGEST = 1.5
const WARM_STEPS = 15
const COLD_STEPS = 15
/** Without a start, `tau` is narrowed from this value, by thirds. */
const WIDEST = 0.3

export interface Solution {
  /** By group index: logarithm of the price of a ms. */
  logs: number[]
  tau: number
}

/**
 * @param capacities by group index: slots' worth of time
 * @param scale factor of the demand
 * @param start solution of a similar problem, if there is one
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
  /** Groups with any capacity. */
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

  /** The target width: `price.alike`, or a share of what a query pays at the current prices if larger. */
  private narrowest(): number {
    let paid = 0
    for (const g of this.own) paid += Math.exp(this.logs[g]!) * this.capacities[g]!
    return Math.max(price.alike, price.alikePaid * 1000 * paid / Math.max(this.ratePerS, 1e-9))
  }

  /** The dual at the current prices; the program then holds the load. */
  private dual(): number {
    this.program.evaluate(this.logs, this.scale)
    let sum = this.program.gain
    for (const g of this.own) sum += Math.exp(this.logs[g]!) * this.capacities[g]!
    return sum
  }

  /** Logarithm of the group's minimum price. */
  private leastOf(g: number): number {
    return Math.max(LEAST, Math.log(this.program.problem.leastPerMs?.[g] ?? 0))
  }

  /** Largest relative error of load; a group at its minimum price may be below its capacity. */
  private offBy(load: readonly number[]): number {
    let most = 0
    for (const g of this.own) {
      const over = load[g]! / this.capacities[g]! - 1
      const beyond = Math.exp(this.logs[g]!) - (this.program.problem.leastPerMs?.[g] ?? 0)
      most = Math.max(most, over > 0 ? over : Math.min(-over, 1e6 * Math.max(beyond, 0)))
    }
    return most
  }

  /** Newton steps; returns whether the tolerance was reached. */
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
