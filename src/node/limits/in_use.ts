/**
 * What of a volunteer's limits is in use, as the coordinator wishes and the limits allow.
 *
 * @module
 */

export interface InUse {
  /** 0: the node rests. */
  slots: number
  /** Share of the time to work, 0..1. */
  duty: number
  /** Of one run. */
  threads: number
}

export type Wish = { readonly [name in keyof InUse]?: InUse[name] | undefined }

/** Least share of the time: a slot rests 99 times as long as a batch took. */
const LEAST_DUTY = 0.01

/** A wish as large as the limit and no larger; what is no number changes nothing. */
export function within(wish: Wish, now: InUse, limit: InUse): InUse {
  const whole = (name: 'slots' | 'threads', least: number) =>
    Math.min(Math.max(least, Math.floor(sound(wish[name], now[name]))), Math.max(1, limit[name]))
  return {
    slots: whole('slots', 0),
    duty: Math.min(Math.max(LEAST_DUTY, sound(wish.duty, now.duty)), limit.duty),
    threads: whole('threads', 1),
  }
}

const sound = (wished: number | undefined, now: number): number =>
  typeof wished !== 'number' || Number.isNaN(wished) ? now : wished
