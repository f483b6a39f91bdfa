/**
 * Handles uncaught errors.
 *
 * @module
 */
import type { Log } from '../../coordinator/core/log.ts'

/**
 * Says what got loose, and has the process go on: one fault in a library, brought about by one
 * client that hung up, must not take the pool from everybody. Queries that it befell are answered by
 * their deadlines, as all are.
 *
 * @example
 * ```ts
 * surviveFaults((line) => console.error(line))
 * setTimeout(() => { throw new Error('of one query') })
 * setTimeout(() => console.log('still here'), 10)
 * ```
 */
export function surviveFaults(log: Log): void {
  const say = (event: Event, error: unknown) => {
    event.preventDefault()
    const what = error instanceof Error ? error.stack ?? error.message : String(error)
    log(`fault: ${what}`, 'error', { event: 'fault' })
  }
  globalThis.addEventListener('error', (event) => say(event, event.error))
  globalThis.addEventListener('unhandledrejection', (event) => say(event, event.reason))
}
