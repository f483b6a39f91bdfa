/**
 * Drives the scheduler: passes it events with the time, runs its commands, wakes it.
 *
 * @module
 */
import { clearImmediate, setImmediate } from 'node:timers'
import type { Plan, PolicyCommand, PolicyEvent, Scheduler } from '../../policy/core/types.ts'
import { createSolver, type Solve } from './solver.ts'

export type Post = (event: PolicyEvent) => void

/** Commands for `execute`; the driver itself handles the timer and plans. */
export type Command = Exclude<PolicyCommand, { type: 'wake_at' | 'solve' }>

export type Dispatch = Extract<PolicyCommand, { type: 'dispatch' }>

/**
 * @param execute runs one command; may post events, which are handled after the current one
 * @param report called with a fault in the scheduler, which must not end the server
 * @param solve computes plans, for a scheduler that asks for them
 * @param planned called with each plan
 */
export function createDriver(
  scheduler: Pick<Scheduler, 'handle'>,
  execute: (command: Command) => void,
  now: () => number,
  report: (error: unknown) => void,
  solve?: Solve,
  planned: (plan: Plan) => void = () => {},
): { post: Post; stop(): void } {
  const events: PolicyEvent[] = []
  const solver = createSolver(solve, solved, report)
  let busy = false
  /** Runs once all messages that have arrived by now were read. */
  let soon: ReturnType<typeof setImmediate> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let timerAtMs = Infinity

  function wakeAt(atMs: number) {
    if (atMs === timerAtMs) return
    clearTimeout(timer)
    timerAtMs = atMs
    timer = setTimeout(() => {
      timerAtMs = Infinity
      post({ type: 'wake' })
    }, Math.max(0, atMs - now()))
  }

  function solved(plan: Plan) {
    planned(plan)
    post({ type: 'plan_ready', plan })
  }

  /**
   * Queries that arrive at the same moment are handled together: slots are filled once for all of
   * them, and a node that takes several gets them as one batch.
   */
  function post(event: PolicyEvent) {
    events.push(event)
    if (event.type !== 'query_arrived') return run()
    soon ??= setImmediate(() => {
      soon = undefined
      run()
    })
  }

  function run() {
    if (busy) return
    busy = true
    try {
      for (let next = events.shift(); next !== undefined; next = events.shift()) {
        try {
          for (const command of scheduler.handle(next, now(), events.length > 0)) {
            if (command.type === 'wake_at') wakeAt(command.atMs)
            else if (command.type === 'solve') solver.ask(command)
            else execute(command)
          }
        } catch (error) {
          report(error)
        }
      }
    } finally {
      busy = false
    }
  }

  return {
    post,
    stop() {
      clearTimeout(timer)
      if (soon !== undefined) clearImmediate(soon)
      solver.stop()
    },
  }
}
