/**
 * How much of the SLO a plan lets the paths of a pipeline take. As in the paper a part of it is kept
 * for waiting behind one batch. Where no path is as quick as that, as much is as the quickest leaves:
 * a query that finds slots idle is in time, and without any path nothing would be held for the
 * pipeline. Where so no pipeline has one, that of a query with one item for each task counts, however
 * long it takes: clients may give more time than the SLO, and what is known of latency may be wrong
 * until something runs. Slots that others have need of are none for that.
 *
 * @module
 */
import type { Shapes, TaskShape, VariantShape } from '../core/graph.ts'
import { place } from './params.ts'

export interface Budget {
  budgetMs: number
  /** A task's time counts all items of a query. */
  siblings: boolean
}

/** What a class can do, by index of variant: batches, rising in time. */
interface Serving {
  slots: number
  paces: readonly (readonly { batch: number; timeMs: number }[])[]
}

/** Of an SLO what is left for work. */
export const workingMs = (sloMs: number): number => sloMs * (1 - place.waiting)

/**
 * In the order of the pipelines; 0 where none will do.
 *
 * @param late nobody can be in time: the quickest path there is
 */
export function budgetsOf(shapes: Shapes, classes: readonly Serving[], late: boolean): Budget[] {
  const pipelines = [...shapes.pipelines.values()]
  const usual = pipelines.map(({ root, pipeline: { sloMs } }): Budget | undefined => {
    const leastMs = quickestMs(root, true, classes, workingMs(sloMs))
    if (leastMs > sloMs) return undefined
    return { budgetMs: Math.max(workingMs(sloMs), leastMs), siblings: true }
  })
  const isAny = usual.some((budget) => budget !== undefined)
  return pipelines.map(({ root, pipeline: { sloMs } }, p) => {
    const leastMs = isAny ? Infinity : quickestMs(root, false, classes, 0)
    const isEnough = leastMs <= sloMs || late && leastMs < Infinity
    return usual[p] ?? { budgetMs: isEnough ? leastMs : 0, siblings: false }
  })
}

/** Least time from a task to its leaves; any that is no more than `enoughMs` will do. */
function quickestMs(
  root: TaskShape,
  siblings: boolean,
  classes: readonly Serving[],
  enoughMs: number,
): number {
  /** By batches that end by the same time everywhere. */
  const roundsMs = ({ index }: VariantShape, items: number): number => {
    const timesMs = classes.flatMap(({ paces }) => paces[index]!.map(({ timeMs }) => timeMs))
    return [...new Set(timesMs)].reduce((least, timeMs) => {
      const round = classes.reduce((sum, { paces, slots }) => {
        const pace = paces[index]!.findLast((one) => one.timeMs <= timeMs)
        return sum + (pace?.batch ?? 0) * slots
      }, 0)
      const rounds = siblings ? Math.max(1, Math.ceil(items / Math.max(round, 1) - 1e-9)) : 1
      return Math.min(least, timeMs * rounds)
    }, Infinity)
  }
  const visit = ({ variants, next }: TaskShape, items: number, enoughMs: number): number => {
    let least = Infinity
    for (const variant of variants) {
      const ownMs = roundsMs(variant, items)
      let ms = ownMs
      next.forEach((child, i) => {
        if (ms >= least) return
        ms = Math.max(ms, ownMs + visit(child, items * variant.fanOut[i]!, enoughMs - ownMs))
      })
      least = Math.min(least, ms)
      if (least <= enoughMs) break
    }
    return least
  }
  return visit(root, 1, enoughMs)
}
