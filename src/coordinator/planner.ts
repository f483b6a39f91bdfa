/**
 * Placement off the main thread: problems go to a worker and plans come back. A solve cannot be
 * stopped from inside, so one that is no longer wanted ends with its worker.
 *
 * @module
 */
import { type Remote, wrap } from 'comlink'
import { planOf } from '../policy/load/plan_of.ts'
import type { Planner } from '../policy/place/planner.ts'
import type { Problem } from '../policy/place/problem.ts'
import type { Solve } from './solver.ts'

/** @param createWorker starts `workers/planner.ts`; called when there is something to solve */
export function createPlanner(createWorker: () => Worker): { solve: Solve; stop(): void } {
  let running: { worker: Worker; planner: Remote<Planner> } | undefined

  function end(): void {
    running?.worker.terminate()
    running = undefined
  }

  const solve: Solve = async ({ epoch, problem }, signal) => {
    if (running === undefined) {
      const worker = createWorker()
      running = { worker, planner: wrap<Planner>(worker) }
    }
    const { worker, planner } = running
    const startMs = performance.now()
    const over = Promise.withResolvers<never>()
    const giveUp = () => {
      end()
      over.reject(signal.reason)
    }
    signal.addEventListener('abort', giveUp)
    worker.onerror = (event) => {
      event.preventDefault()
      end()
      over.reject(new Error(`Cannot plan: the planner's worker died: ${event.message}`))
    }
    try {
      const answer = await Promise.race([planner.place(problem as Problem), over.promise])
      if (!answer.ok) throw new Error(`Cannot plan: ${answer.message}`)
      return planOf(epoch, answer.placement, performance.now() - startMs)
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  return { solve, stop: end }
}
