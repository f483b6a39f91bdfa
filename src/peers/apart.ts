/**
 * Several pipelines on workers of one class. They share nothing but the number of workers, and to find
 * whole numbers for all of them at once takes a solver a hundred times the effort that one pipeline
 * takes; so each is solved by itself on a part of the workers, for each division of these about the
 * one that would be best if workers could be divided at will.
 *
 * @module
 */
import type { MilpAnswer } from './milp.ts'
import type { PipelineModel } from './model.ts'

/** Workers more or less than the best fluid division has for a pipeline that are tried. */
const AROUND = 2

export interface Parts {
  count: number
  pipelines: readonly PipelineModel[]
  /** Workers of the best division if they could be divided at will. */
  fluid: ReadonlyMap<PipelineModel, number>
  /** The best for one pipeline on so many workers; undefined where that cannot be. */
  solve(pipeline: PipelineModel, count: number): MilpAnswer | undefined
}

/** @returns the best answer for all together; undefined where some pipeline has none in any division */
export function bestApart({ count, pipelines, fluid, solve }: Parts): MilpAnswer | undefined {
  const known = new Map<PipelineModel, Map<number, MilpAnswer | undefined>>()
  const answerFor = (pipeline: PipelineModel, workers: number): MilpAnswer | undefined => {
    let own = known.get(pipeline)
    if (own === undefined) known.set(pipeline, own = new Map())
    if (!own.has(workers)) own.set(workers, solve(pipeline, workers))
    return own.get(workers)
  }
  let best: MilpAnswer[] | undefined
  let bestScore = -Infinity

  function divide(at: number, left: number, chosen: readonly MilpAnswer[]): void {
    const pipeline = pipelines[at]!
    const isLast = at === pipelines.length - 1
    const middle = Math.round(fluid.get(pipeline) ?? 0)
    const least = isLast ? left : Math.max(1, middle - AROUND)
    const most = isLast ? left : Math.min(left - (pipelines.length - 1 - at), middle + AROUND)
    for (let workers = least; workers <= most; workers++) {
      const answer = workers > 0 ? answerFor(pipeline, workers) : undefined
      if (answer === undefined) continue
      const all = [...chosen, answer]
      if (!isLast) {
        divide(at + 1, left - workers, all)
        continue
      }
      const score = all.reduce((sum, one) => sum + one.score, 0)
      if (score > bestScore) [best, bestScore] = [all, score]
    }
  }
  divide(0, count, [])
  return best && together(best)
}

/** Plans of pipelines beside one another. */
export const together = (answers: readonly MilpAnswer[]): MilpAnswer => ({
  score: answers.reduce((sum, { score }) => sum + score, 0),
  served: new Map(answers.flatMap(({ served }) => [...served])),
  accuracy: new Map(answers.flatMap(({ accuracy }) => [...accuracy])),
  flows: answers.flatMap(({ flows }) => flows),
  groups: answers.flatMap(({ groups }) => groups),
  workers: new Map(answers.flatMap(({ workers }) => [...workers])),
})
