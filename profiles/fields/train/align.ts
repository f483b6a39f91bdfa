/**
 * Which printed row was read as which, and which character as which.
 *
 * @module
 */
import { editDistance } from '../../ocr/score.ts'

export interface Pair {
  /** One printed row, or two that were read as one. */
  rows: string[][]
  /** Absent where nothing was read. */
  found?: string[]
}

/** Pairs rows in their order, at the least sum of edits. */
export function pairRows(printed: readonly string[][], read: readonly string[][]): Pair[] {
  const text = (runs: readonly string[]) => runs.join('\t')
  const costs = Array.from(
    { length: printed.length + 1 },
    () => new Array<number>(read.length + 1).fill(Infinity),
  )
  const steps = costs.map((row) => row.map(() => [0, 0] as [number, number]))
  costs[0]![0] = 0
  const offer = (i: number, j: number, cost: number, step: [number, number]) => {
    if (cost >= costs[i]![j]!) return
    costs[i]![j] = cost
    steps[i]![j] = step
  }
  for (let i = 0; i <= printed.length; i++) {
    for (let j = 0; j <= read.length; j++) {
      const own = printed.slice(Math.max(0, i - 2), i)
      const found = read[j - 1]
      if (i > 0) offer(i, j, costs[i - 1]![j]! + text(own.at(-1)!).length, [1, 0])
      if (found === undefined) continue
      offer(i, j, costs[i]![j - 1]! + text(found).length, [0, 1])
      if (i > 0) {
        const distance = editDistance(text(own.at(-1)!), text(found))
        offer(i, j, costs[i - 1]![j - 1]! + distance, [1, 1])
      }
      if (i > 1) {
        const distance = editDistance(own.map(text).join('\t'), text(found))
        offer(i, j, costs[i - 2]![j - 1]! + distance + 1, [2, 1])
      }
    }
  }
  const pairs: Pair[] = []
  for (let [i, j] = [printed.length, read.length]; i > 0 || j > 0;) {
    const [back, behind] = steps[i]![j]!
    const rows = printed.slice(i - back, i)
    if (back > 0) pairs.push(behind > 0 ? { rows, found: read[j - 1]! } : { rows })
    i -= back
    j -= behind
  }
  return pairs.reverse()
}

/** One character and what it was read as; either is empty where there is none. */
export interface Step {
  from: string
  to: string
}

/** Characters side by side, at the fewest edits. */
export function alignText(printed: string, read: string): Step[] {
  const width = read.length + 1
  const costs = new Int32Array((printed.length + 1) * width)
  for (let i = 0; i <= printed.length; i++) {
    for (let j = 0; j < width; j++) {
      if (i === 0 || j === 0) {
        costs[i * width + j] = i + j
        continue
      }
      const same = printed[i - 1] === read[j - 1] ? 0 : 1
      costs[i * width + j] = Math.min(
        costs[(i - 1) * width + j]! + 1,
        costs[i * width + j - 1]! + 1,
        costs[(i - 1) * width + j - 1]! + same,
      )
    }
  }
  const steps: Step[] = []
  for (let [i, j] = [printed.length, read.length]; i > 0 || j > 0;) {
    const own = costs[i * width + j]!
    const same = printed[i - 1] === read[j - 1] ? 0 : 1
    if (i > 0 && j > 0 && own === costs[(i - 1) * width + j - 1]! + same) {
      steps.push({ from: printed[--i]!, to: read[--j]! })
    } else if (i > 0 && own === costs[(i - 1) * width + j]! + 1) {
      steps.push({ from: printed[--i]!, to: '' })
    } else {
      steps.push({ from: '', to: read[--j]! })
    }
  }
  return steps.reverse()
}
