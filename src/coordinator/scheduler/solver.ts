/**
 * Runs the scheduler's `solve` commands while serving goes on: in a later turn, only the newest,
 * and with a time limit, so that a solve that never ends costs one plan and nothing else.
 *
 * @module
 */
import type { Plan, PolicyCommand } from '../../policy/core/types.ts'

export type SolveCommand = Extract<PolicyCommand, { type: 'solve' }>

/**
 * Computes the plan of a command. With a worker it returns a promise, and ends the worker when
 * `signal` is aborted; without one it holds the caller's thread.
 */
export type Solve = (command: SolveCommand, signal: AbortSignal) => Plan | Promise<Plan>

export interface Solver {
  /** Solves a command; an older one that is still under way is cancelled. */
  ask(command: SolveCommand): void
  stop(): void
}

const PATIENCE_MS = 5000

/** @param failed called where a solve threw, or took too long */
export function createSolver(
  solve: Solve | undefined,
  solved: (plan: Plan) => void,
  failed: (error: unknown) => void,
  patienceMs = PATIENCE_MS,
): Solver {
  let current: AbortController | undefined

  async function run(command: SolveCommand, mine: AbortController): Promise<void> {
    const { signal } = mine
    // Events that wait now go first.
    await new Promise((done) => setTimeout(done, 0))
    if (signal.aborted || solve === undefined) return
    const killer = setTimeout(() => {
      const message = `Cannot plan: epoch ${command.epoch} took more than ${patienceMs} ms`
      mine.abort(new DOMException(message, 'TimeoutError'))
    }, patienceMs)
    try {
      const plan = await raced(Promise.resolve(solve(command, signal)), signal)
      if (!signal.aborted) solved(plan)
    } catch (error) {
      if (!signal.aborted || signal.reason instanceof DOMException) failed(error)
    } finally {
      clearTimeout(killer)
    }
  }

  return {
    ask(command) {
      current?.abort('replaced by a newer one')
      const mine = current = new AbortController()
      void run(command, mine)
    },
    stop: () => current?.abort('stopped'),
  }
}

function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}
