/** The stairs that `deno task bench live` climbs, as multiples of what `static` carries. @module */
import type { OpenOrder } from '../../../demo/load/types.ts'
import type { Trace } from '../../sim/scenario_schema.ts'

export interface Step {
  multiple: number
  ratePerS: number
  /** Whole, and when it begins. */
  seconds: number
  fromS: number
}

/** Up, down, to four times as much at once, and down again. */
export const MULTIPLES: readonly number[] = [
  ...[0.5, 0.8, 1, 1.5, 2, 3, 3.5, 4, 5, 6],
  ...[0.8, 3.2, 0.5],
]

/** When queries come, the same at each run: what is played again in virtual time has these, too. */
export const ARRIVALS = { arrivals: 'poisson', seed: 11 } as const satisfies Partial<OpenOrder>

const LEAST_S = 8
/** A step this many times as high as the one before is a jump. */
const JUMP = 3
/** Chance makes some steps shorter than their mean: so many deviations more than asked for. */
const DEVIATIONS = 3

/**
 * @param queries of each step at the least, unless all together take longer than `budgetS`; no step is
 * shorter than eight seconds for it
 */
export function stepsOf(
  multiples: readonly number[],
  carriedPerS: number,
  queries: number,
  budgetS: number,
): { steps: Step[]; queries: number } {
  const eachS = multiples.reduce((sum, multiple) => sum + 1 / (multiple * carriedPerS), 0)
  const root = (Math.sqrt(DEVIATIONS ** 2 + 4 * budgetS / eachS) - DEVIATIONS) / 2
  const count = Math.min(queries, Math.max(1, Math.floor(root ** 2)))
  let fromS = 0
  const steps = multiples.map((multiple) => {
    const ratePerS = multiple * carriedPerS
    const seconds = Math.max(LEAST_S, Math.ceil((count + DEVIATIONS * Math.sqrt(count)) / ratePerS))
    fromS += seconds
    return { multiple, ratePerS, seconds, fromS: fromS - seconds }
  })
  return { steps, queries: count }
}

export const traceOf = (steps: readonly Step[]): Trace => ({
  binSeconds: 1,
  rates: steps.flatMap(({ ratePerS, seconds }) => Array<number>(seconds).fill(ratePerS)),
})

export const stepAt = (steps: readonly Step[], atS: number): number =>
  Math.max(0, steps.findLastIndex(({ fromS }) => fromS <= atS))

/** The steps before the first that goes down: later ones come out of another's wake. */
export function stairs(steps: readonly Step[]): number {
  const down = steps.findIndex((step, i) => i > 0 && step.multiple < steps[i - 1]!.multiple)
  return down < 0 ? steps.length : down
}

/** The first step that is far above the one before; -1 if there is none. */
export const jumpOf = (steps: readonly Step[]): number =>
  steps.findIndex((step, i) => i > 0 && step.multiple >= JUMP * steps[i - 1]!.multiple)
