/**
 * Whether two values of JSON say the same.
 *
 * @module
 */
import type { Json } from '../types.ts'
import type { Tolerance } from './tolerance.ts'

/** 1 for equal texts, 0 for texts with nothing in common: 1 - edit distance / length. */
export function likeness(a: string, b: string): number {
  if (a === b) return 1
  const most = Math.max(a.length, b.length)
  // Long texts are compared by their beginning: the time grows with the square.
  return 1 - editDistance(a.slice(0, 400), b.slice(0, 400)) / Math.min(most, 400)
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let k = 1; k <= b.length; k++) {
      const swap = row[k - 1]! + (a[i - 1] === b[k - 1] ? 0 : 1)
      next[k] = Math.min(swap, row[k]! + 1, next[k - 1]! + 1)
    }
    row = next
  }
  return row[b.length]!
}

/** NaN for what is none: of some objects `Number` and `String` throw. */
export const numberOf = (value: Json | undefined): number => typeof value === 'number' ? value : NaN

export function near(a: number, b: number, { absolute, relative }: Tolerance, more = 0): boolean {
  const most = Math.max(Math.abs(a), Math.abs(b))
  return Math.abs(a - b) <= Math.max(absolute, more) + relative * most
}

/** @param inList within a list, whole numbers are measures as any other: corners of a box */
export function sameJson(a: Json, b: Json, tolerance: Tolerance, inList = false): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    if (!inList && Number.isInteger(a) && Number.isInteger(b)) return a === b
    return near(a, b, tolerance, inList ? tolerance.pixels : 0)
  }
  if (typeof a === 'string' && typeof b === 'string') return sameText(a, b, tolerance)
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((one, i) => sameJson(one, b[i]!, tolerance, true))
  }
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a)
    return names.length === Object.keys(b).length &&
      names.every((name) =>
        Object.hasOwn(b, name) && sameJson(a[name]!, b[name]!, tolerance, inList)
      )
  }
  return a === b
}

function sameText(a: string, b: string, { text, texts }: Tolerance): boolean {
  if (a === b) return true
  // Whoever has more of them wants to keep this process busy.
  if (texts !== undefined && --texts.left < 0) return false
  return likeness(a, b) >= text
}

export const isObject = (value: Json): value is { [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
