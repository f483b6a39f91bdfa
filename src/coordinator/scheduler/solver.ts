/**
 * Carries out the scheduler's `solve` commands while serving goes on: on a later turn, the newest
 * only, and given up after a while, so that a solve that never ends costs a plan and nothing else.
 *
 * @module
 */
import type { Plan, PolicyCommand } from '../../policy/core/types.ts'

export type SolveCommand = Extract<PolicyCommand, { type: 'solve' }>

/**
 * Works out the plan that a command asks for. One that works elsewhere answers with a promise and
 * ends its worker when `signal` is aborted; one that works here keeps the caller's thread meanwhile.
 */
export type Solve = (command: SolveCommand, signal: AbortSignal) => Plan | Promise<Plan>

export interface Solver {
  /** Puts an older command that is still under way out of force. */
  ask(command: SolveCommand): void
  stop(): void
}

const PATIENCE_MS = 5000

/** @param failed told of a solve that threw, or that was given up */
export function createSolver(
  solve: Solve | undefined,
  solved: (plan: Plan) => void,
  failed: (error: unknown) => void,
  patienceMs = PATIENCE_MS,
): Solver {
  let current: AbortController | undefined

  async function run(command: SolveCommand, mine: AbortController): Promise<void> {
    const { signal } = mine
    // The events that are waiting now go first.
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
