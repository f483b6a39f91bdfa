/** @module Moments and sizes as people say them. */

/** As `7:00 tomorrow`, `14:30`, `7:00 on Friday, 4 December`. */
export function moment(at: Date, now: Date): string {
  const time = `${at.getHours()}:${String(at.getMinutes()).padStart(2, '0')}`
  const day = (date: Date) => date.toDateString()
  if (day(at) === day(now)) return time
  const tomorrow = new Date(now)
  tomorrow.setDate(now.getDate() + 1)
  if (day(at) === day(tomorrow)) return `${time} tomorrow`
  const date = at.toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long' })
  return `${time} on ${date}`
}

/** As `12 KB`, `3.4 MB`. */
export function size(bytes: number): string {
  if (bytes < 999_500) return `${Math.max(1, Math.round(bytes / 1000))} KB`
  return `${(bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0)} MB`
}
