/**
 * Drives a scheduler in virtual time as the coordinator does in real time: one event after another,
 * what comes up meanwhile after it, and one timer.
 *
 * @module
 */
import type { PolicyCommand, PolicyEvent, Scheduler } from '../policy/core/types.ts'
import type { VirtualTime } from './events.ts'

export type Command = Exclude<PolicyCommand, { type: 'wake_at' }>

/** @param execute runs one command; may post events, which are handled after the current one */
export function createSimulatedDriver(
  scheduler: Scheduler,
  time: VirtualTime,
  execute: (command: Command) => void,
): (event: PolicyEvent) => void {
  const events: PolicyEvent[] = []
  let busy = false
  let timerAtMs = Infinity
  let timer = 0

  function wakeAt(atMs: number): void {
    if (atMs === timerAtMs) return
    timerAtMs = atMs
    const mine = ++timer
    time.at(atMs, () => {
      if (mine !== timer) return
      timerAtMs = Infinity
      post({ type: 'wake' })
    })
  }

  function post(event: PolicyEvent): void {
    events.push(event)
    if (busy) return
    busy = true
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      for (const command of scheduler.handle(next, time.nowMs)) {
        if (command.type === 'wake_at') wakeAt(command.atMs)
        else execute(command)
      }
    }
    busy = false
  }

  return post
}
