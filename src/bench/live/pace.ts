/**
 * What of the time that batches took is their variant's and what is the hour's: devices that share a
 * processor slow each other down as more of them work.
 * @module
 */
import { median } from '../../cli/statistics.ts'

/** A batch over what the profile says of it. */
export interface Ratio {
  variant: string
  step: number
  profileMs: number
  times: number
}

/** Few batches may link busy steps with quiet ones: it takes many rounds to tell them apart then. */
const ROUNDS = 1000
/** What a batch took beyond so many times what is usual befell it alone. */
export const OUTLIER = 3

export interface Paced {
  slowness: { [variant: string]: number }
  pace: number[]
}

/** The batches of a variant in a step: the median of them, as a logarithm, and how many. */
interface Cell {
  variant: number
  step: number
  level: number
  count: number
}

/**
 * Parts what is each variant's from what is each step's: the dear variants run in quiet steps and the
 * quick ones in busy ones. Least squares of logarithms, by means in turn, over the median of each
 * variant in each step: a batch that took ten times as long weighs as one, while the few batches of
 * a variant outside its usual steps, which alone say how steps compare, still count. What a step's
 * batches took together is then more than their medians say, since some are held up and none takes
 * half as long: that is the step's, too, as it is that much less that its nodes could do.
 */
export function paced(all: readonly Ratio[], steps: number): Paced {
  const variants = [...new Set(all.map(({ variant }) => variant))]
  const cells: Cell[] = []
  for (const [variant, name] of variants.entries()) {
    for (let step = 0; step < steps; step++) {
      const own = all.filter((one) => one.variant === name && one.step === step)
      if (own.length === 0) continue
      const level = Math.log(median(own.map(({ times }) => times)))
      cells.push({ variant, step, level, count: own.length })
    }
  }
  const ofVariant = variants.map(() => 0)
  const ofStep = Array<number>(steps).fill(0)
  for (let round = 0; round < ROUNDS; round++) {
    settle(cells, ofVariant, (one) => one.variant, (one) => ofStep[one.step]!)
    settle(cells, ofStep, (one) => one.step, (one) => ofVariant[one.variant]!)
  }
  const pace = ofStep.map(Math.exp)
  const slowness: Paced['slowness'] = Object.fromEntries(
    variants.map((name, i) => [name, Math.exp(ofVariant[i]!)]),
  )
  const even = pace.map((usual, step) => {
    let tookMs = 0
    let usualMs = 0
    for (const one of all) {
      if (one.step !== step) continue
      const times = slowness[one.variant]! * usual
      tookMs += one.profileMs * Math.min(one.times, OUTLIER * times)
      usualMs += one.profileMs * times
    }
    return usualMs > 0 ? usual * tookMs / usualMs : usual
  })
  return {
    pace: even,
    slowness: { ...slowness, '*': median(all.map(({ times, step }) => times / even[step]!)) },
  }
}

/** Each row becomes the mean of what its cells have left when the column is taken off. */
function settle(
  cells: readonly Cell[],
  rows: number[],
  rowOf: (cell: Cell) => number,
  offOf: (cell: Cell) => number,
): void {
  const sums = rows.map(() => 0)
  const counts = rows.map(() => 0)
  for (const cell of cells) {
    sums[rowOf(cell)]! += (cell.level - offOf(cell)) * cell.count
    counts[rowOf(cell)]! += cell.count
  }
  for (const [row, count] of counts.entries()) if (count > 0) rows[row] = sums[row]! / count
}
