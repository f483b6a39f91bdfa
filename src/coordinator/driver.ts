/**
 * The live shell around the scheduler: feeds it events with the time, runs its commands, wakes it.
 *
 * @module
 */
import type { PolicyCommand, PolicyEvent, Scheduler } from '../policy/types.ts'

export type Post = (event: PolicyEvent) => void

/**
 * @param execute runs one command; may post events, which are handled after the current one
 * @param report told of a fault in the scheduler, which must not take the server down
 */
export function createDriver(
  scheduler: Scheduler,
  execute: (command: Exclude<PolicyCommand, { type: 'wake_at' }>) => void,
  now: () => number,
  report: (error: unknown) => void,
): { post: Post; stop(): void } {
  const events: PolicyEvent[] = []
  let busy = false
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

  function post(event: PolicyEvent) {
    events.push(event)
    if (busy) return
    busy = true
    try {
      for (let next = events.shift(); next !== undefined; next = events.shift()) {
        try {
          for (const command of scheduler.handle(next, now())) {
            if (command.type === 'wake_at') wakeAt(command.atMs)
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

  return { post, stop: () => clearTimeout(timer) }
}
