/**
 * Whether two values of JSON say the same.
 *
 * @module
 */
import type { Json } from '../types.ts'
import type { Tolerance } from './tolerance.ts'

/** Longer texts are the same or not: the time to compare them grows with the length. */
const LONGEST_TEXT = 4096
/** Edits allowed in one text, however long: with more it is another word. */
const MOST_EDITS = 3

/** Whether at most `most` insertions, deletions and replacements turn one text into the other. */
function withinEdits(a: string, b: string, most: number): boolean {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = new Array<number>(b.length + 1).fill(Infinity)
    next[0] = i
    // Further from the diagonal than that there is no way back.
    for (let k = Math.max(1, i - most); k <= Math.min(b.length, i + most); k++) {
      const swap = row[k - 1]! + (a[i - 1] === b[k - 1] ? 0 : 1)
      next[k] = Math.min(swap, row[k]! + 1, next[k - 1]! + 1)
    }
    row = next
  }
  return row[b.length]! <= most
}

/** Words with a digit in them: an amount, a date, a number of anything. */
const numbersIn = (text: string): string => (text.match(/\S*\d\S*/g) ?? []).join(' ')

export function sameText(a: string, b: string, { letters, texts }: Tolerance): boolean {
  if (a === b) return true
  const length = Math.min(a.length, b.length)
  const most = Math.min(MOST_EDITS, Math.floor(letters * length))
  if (Math.abs(a.length - b.length) > most || most === 0 || length > LONGEST_TEXT) return false
  // A result with more texts is made to keep this process busy.
  if (texts !== undefined && --texts.left < 0) return false
  return numbersIn(a) === numbersIn(b) && withinEdits(a, b, most)
}

/** NaN if the value is no number: for some objects `Number` and `String` throw. */
export const numberOf = (value: Json | undefined): number => typeof value === 'number' ? value : NaN

export function near(a: number, b: number, { absolute, relative }: Tolerance): boolean {
  return Math.abs(a - b) <= absolute + relative * Math.max(Math.abs(a), Math.abs(b))
}

/** @param name of the field: corners of a `box` are measures, other whole numbers count or name */
export function sameJson(a: Json, b: Json, tolerance: Tolerance, name = ''): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    if (name === 'box') return Math.abs(a - b) <= tolerance.pixels
    return Number.isInteger(a) && Number.isInteger(b) ? a === b : near(a, b, tolerance)
  }
  if (typeof a === 'string' && typeof b === 'string') return sameText(a, b, tolerance)
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((one, i) => sameJson(one, b[i]!, tolerance, name))
  }
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a)
    return names.length === Object.keys(b).length &&
      names.every((name) => Object.hasOwn(b, name) && sameJson(a[name]!, b[name]!, tolerance, name))
  }
  return a === b
}

export const isObject = (value: Json): value is { [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
