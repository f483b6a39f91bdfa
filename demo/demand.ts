/**
 * The demand of the demo: it rises past what the most accurate path carries, holds while tabs are
 * closed, falls, bursts twice, and falls asleep.
 *
 * @module
 */
import type { Trace } from '../src/sim/scenario_schema.ts'
import type { Capacity } from './calibrate.ts'
import { parseDemand } from './load/demand.ts'

/** Of what the pool served at most: a tab will be missing, and chance makes some seconds harder. */
const TOP = 0.6
const LEAST_TOP = 1.5
const MOST_TOP = 6

/** When tabs are closed, as a share of the whole: while demand is highest. */
export const CLOSE_AT = 0.48

/** The highest demand that is worth showing, queries a second. */
export const topOf = ({ bestPerS, mostPerS }: Capacity): number =>
  Math.min(MOST_TOP * bestPerS, Math.max(LEAST_TOP * bestPerS, TOP * mostPerS))

export function demoDemand(capacity: Capacity, seconds: number): Trace {
  const { bestPerS } = capacity
  const top = topOf(capacity) / bestPerS
  const parts: [multiple: string, share: number][] = [
    ['0.5', 0.1],
    [`0.5..${top}`, 0.3],
    [String(top), 0.16],
    [`${top}..0.8`, 0.08],
    ['0.8', 0.06],
    [String(top), 0.05],
    ['0.8', 0.08],
    [String(top), 0.05],
    ['0.3', 0.12],
  ]
  const shape = parts.map(([multiple, share]) => {
    const rates = multiple.split('..').map((one) => (Number(one) * bestPerS).toFixed(2))
    return `${rates.join('..')}x${(share * seconds).toFixed(2)}`
  })
  return parseDemand(shape.join(','))
}
