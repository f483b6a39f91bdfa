/**
 * Placement off the main thread: problems go to a worker and plans come back. A solve cannot be
 * interrupted: a solve that is no longer wanted ends with its worker.
 *
 * @module
 */
import { type Remote, wrap } from 'comlink'
import type { Policy } from '../../policy/core/options.ts'
import { planOf } from '../../policy/place/planner.ts'
import type { Allocated, Placed, Planner, PlannerFailure } from '../../policy/place/planner.ts'
import type { Problem } from '../../policy/place/problem.ts'
import type { Solve } from './solver.ts'

export interface PlannerAway {
  /** The `solve` of the policy `shoal`. */
  solve: Solve
  /** The `solve` of other policies, which make the problem and read its solution. */
  solveFor(elsewhere: NonNullable<Policy['elsewhere']>): Solve
  stop(): void
}

/** @param createWorker starts `workers/planner.ts`; called when there is a problem to solve */
export function createPlanner(createWorker: () => Worker): PlannerAway {
  let running: { worker: Worker; planner: Remote<Planner> } | undefined

  function end(): void {
    running?.worker.terminate()
    running = undefined
  }

  /** @throws the signal's reason, or the worker's error */
  async function ask<Answer extends { ok: true }>(
    call: (planner: Remote<Planner>) => Promise<Answer | PlannerFailure>,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (running === undefined) {
      const worker = createWorker()
      running = { worker, planner: wrap<Planner>(worker) }
    }
    const { worker, planner } = running
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
      const answer = await Promise.race([call(planner), over.promise])
      if (answer.ok) return answer
      throw new Error(`Cannot plan: ${answer.message}`)
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  return {
    async solve({ epoch, problem }, signal) {
      const startMs = performance.now()
      const { placement } = await ask<Placed>(
        (planner) => planner.place(problem as Problem),
        signal,
      )
      return planOf(epoch, placement, performance.now() - startMs)
    },
    solveFor: (elsewhere) => async (command, signal) => {
      const startMs = performance.now()
      const problem = elsewhere.problem(command)
      const answer = problem && await ask<Allocated>((planner) => planner.allocate(problem), signal)
      const plan = elsewhere.plan(command, answer?.allocation)
      return { ...plan, solveMs: performance.now() - startMs }
    },
    stop: end,
  }
}
