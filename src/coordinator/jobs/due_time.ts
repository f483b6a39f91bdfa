/**
 * The time by which a job is to be done, as people and programs write it.
 *
 * @module
 */
import { ApiError } from '../core/api_error.ts'
import { JOBS } from './params.ts'

const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/
const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?$/i
const SHOWN = 40

/**
 * @param by an instant of ISO 8601, or a time of day: the next one in the coordinator's time zone
 * @param nowMs milliseconds since the epoch, as the result
 * @throws ApiError `invalid_input`
 */
export function readDueTime(
  by: string | undefined,
  deadlineMs: number | undefined,
  nowMs: number,
): number | null {
  if (by !== undefined && deadlineMs !== undefined) {
    throw fault('by', 'send it or deadlineMs, not both')
  }
  if (deadlineMs !== undefined) {
    if (Number.isInteger(deadlineMs) && deadlineMs >= 1 && deadlineMs <= JOBS.farthestMs) {
      return nowMs + deadlineMs
    }
    throw fault('deadlineMs', `must be an integer 1..${JOBS.farthestMs}`)
  }
  if (by === undefined) return null
  const clock = CLOCK.exec(by)
  if (clock !== null) return nextClock(clock.slice(1).map((part) => Number(part ?? 0)), nowMs)
  const atMs = INSTANT.test(by) ? Date.parse(by.replace(' ', 'T')) : NaN
  if (Number.isNaN(atMs)) {
    const shown = by.slice(0, SHOWN)
    throw fault(
      'by',
      `must be as 2026-12-03T07:00:00Z, or a time of day as 07:00: received ${shown}`,
    )
  }
  if (atMs <= nowMs) {
    throw fault('by', `${new Date(atMs).toISOString()} has passed: name a later one`)
  }
  if (atMs > nowMs + JOBS.farthestMs) {
    throw fault('by', `must be within ${JOBS.farthestMs / 86_400_000} days`)
  }
  return atMs
}

function nextClock([hour = 0, minute = 0, second = 0]: number[], nowMs: number): number {
  const at = new Date(nowMs)
  at.setHours(hour, minute, second, 0)
  if (at.getTime() <= nowMs) at.setDate(at.getDate() + 1)
  return at.getTime()
}

const fault = (name: string, what: string) =>
  new ApiError('invalid_input', `Cannot use ${name}: ${what}`, undefined, name)
