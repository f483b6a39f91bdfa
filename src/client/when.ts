/** @module Moments and rates as people say them. */

/** The next time that a clock shows this, after `now`, where the caller is. */
export function nextClock(hour: number, minute: number, now: Date): Date {
  const at = new Date(now)
  at.setHours(hour, minute, 0, 0)
  if (at <= now) at.setDate(at.getDate() + 1)
  return at
}

/** As `14:30`, `7:00 tomorrow`, `7:00 on Friday 4 December`. */
export function moment(at: Date, now: Date): string {
  const time = `${at.getHours()}:${String(at.getMinutes()).padStart(2, '0')}`
  if (at.toDateString() === now.toDateString()) return time
  const tomorrow = new Date(now)
  tomorrow.setDate(now.getDate() + 1)
  if (at.toDateString() === tomorrow.toDateString()) return `${time} tomorrow`
  const date = at.toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long' })
  return `${time} on ${date}`
}

/** As `41 pages a minute`, `3 pages an hour`. */
export function rateText(perMinute: number): string {
  const [count, unit] = perMinute < 1 ? [60 * perMinute, 'an hour'] : [perMinute, 'a minute']
  const shown = count >= 9.95 ? String(Math.round(count)) : String(Number(count.toFixed(1)))
  return `${shown} ${shown === '1' ? 'page' : 'pages'} ${unit}`
}
