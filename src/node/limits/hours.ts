/**
 * Hours of the day in which a volunteer lends: when they begin and end, on the device's own clock.
 *
 * @module
 */
import type { Zone } from './gate.ts'

/** Minutes since midnight. `untilMinute` before `fromMinute` is on the next day; the same: always. */
export interface Hours {
  fromMinute: number
  untilMinute: number
}

const DAY = 24 * 60
/** A clock that is set a little back at the beginning does not begin twice. */
const EDGE = 2

const since = (minute: number, from: number) => (minute - from + DAY) % DAY

/** Good within the hours; in their first minutes all stays as it is. */
export function zoneOf({ fromMinute, untilMinute }: Hours, minute: number): Zone {
  const length = since(untilMinute, fromMinute) || DAY
  const passed = since(minute, fromMinute)
  if (passed >= length) return 'bad'
  return passed < EDGE && length > EDGE && length < DAY ? 'between' : 'good'
}

/** As `22:05`. */
export const timeOf = (minute: number): string =>
  [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':')

/** Of `22:05`; undefined for what is no time of the day. */
export function minuteOf(time: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)/.exec(time) ?? []
  return hours === undefined ? undefined : 60 * Number(hours) + Number(minutes)
}
