/**
 * Device classes: nodes whose measured profiles are alike. Each class has one table of latencies,
 * which peers take as given; none of them learns while serving.
 *
 * @module
 */
import type { LatencyPoint } from '../policy/core/types.ts'
import type { Model, Variant } from './model.ts'

export interface DeviceClass {
  index: number
  name: string
  /** Of a batch, alone and warm; Infinity of a variant that the class cannot run. */
  latencyMs(variant: Variant, batch: number): number
}

export interface Classes {
  /**
   * For a node that can hold these variants and has measured so much of them. One that is to rest
   * for a part of the time (`duty` below 1) is to them one that takes longer.
   */
  classOf(
    able: readonly Variant[],
    measured: ReadonlyMap<Variant, LatencyPoint[]>,
    duty?: number,
  ): DeviceClass
}

/** Profiles whose latencies differ by less, in the mean of their logarithms, are one class. */
const ALIKE = Math.log(1.1)
/** So many are looked through; who is of one that was made before them stays in that. */
const MOST_KNOWN = 2000
/** Of a variant that was neither measured nor given a reference. */
const UNKNOWN_MS = 100

export function createClasses(model: Model): Classes {
  const all: (DeviceClass & { able: string; logMs: number[] })[] = []
  let count = 0

  return {
    classOf(able, measured, duty = 1) {
      const sorted = [...able].sort((a, b) => a.index - b.index)
      const key = sorted.map(({ index }) => index).join()
      const tables = new Map(sorted.map((variant) => {
        const tableMs = tableOf(variant, measured.get(variant))
        return [variant, (batch: number) => tableMs(batch) / duty]
      }))
      const logMs = sorted.map((variant) => Math.log(tables.get(variant)!(1)))
      const alike = all.find((known) =>
        known.able === key &&
        logMs.reduce((sum, log, i) => sum + Math.abs(log - known.logMs[i]!), 0) <=
          ALIKE * logMs.length
      )
      if (alike !== undefined) return alike
      const known: Map<number, number>[] = model.variants.map(() => new Map())
      const made = {
        index: count,
        name: `class-${count++}`,
        able: key,
        logMs,
        latencyMs(variant: Variant, batch: number) {
          const seen = known[variant.index]!.get(batch)
          if (seen !== undefined) return seen
          const ms = tables.get(variant)?.(batch) ?? Infinity
          known[variant.index]!.set(batch, ms)
          return ms
        },
      }
      all.push(made)
      if (all.length > MOST_KNOWN) all.shift()
      return made
    },
  }
}

/** Lines between measured points; beyond the last, the line through the last two. */
function tableOf(variant: Variant, given: LatencyPoint[] | undefined): (batch: number) => number {
  const points = [...given ?? []].sort((a, b) => a.batch - b.batch)
  const first = points[0]
  if (first === undefined) return (batch) => (variant.referenceMs ?? UNKNOWN_MS) * batch
  if (points.length === 1) return (batch) => first.latencyMs * Math.max(1, batch / first.batch)
  return (batch) => {
    if (batch <= first.batch) return first.latencyMs
    const at = points.findIndex((point) => point.batch >= batch)
    const b = points.at(at)!
    const a = points.at((at === -1 ? points.length : at) - (at === -1 ? 2 : 1))!
    const slope = (b.latencyMs - a.latencyMs) / (b.batch - a.batch)
    return b.latencyMs + (at === -1 ? Math.max(0, slope) : slope) * (batch - b.batch)
  }
}
