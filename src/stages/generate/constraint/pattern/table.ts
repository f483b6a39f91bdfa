/**
 * A pattern as a table: one state at a time, by classes of characters that it does not tell apart.
 *
 * @module
 */
import { PATTERN } from '../limits.ts'
import type { Spend } from '../work.ts'
import { type Automaton, automatonOf } from './automaton.ts'
import { parsePattern, PatternError } from './parse.ts'
import { LAST } from './ranges.ts'

export interface Table {
  /** Where each class of characters that stand side by side begins, from 0 on. */
  readonly bounds: readonly number[]
  /** By state and class; -1 where no text that goes on so can fit. */
  readonly next: Int32Array
  readonly fits: Uint8Array
  readonly states: number
}

/** Halves of pairs, which are no characters. */
const [HALVES, BEHIND_HALVES] = [0xd800, 0xe000]

/** @throws PatternError, or what `spend` throws */
export function tableOf(source: string, spend: Spend): Table {
  spend(source.length)
  const automaton = automatonOf(parsePattern(source))
  const bounds = boundsOf(automaton, spend)
  return prune(search(automaton, bounds, spend), bounds)
}

function boundsOf({ nodes }: Automaton, spend: Spend): number[] {
  const bounds = new Set([0, HALVES, BEHIND_HALVES])
  for (const { ranges = [] } of nodes) {
    spend(1 + ranges.length)
    for (const [low, high] of ranges) {
      bounds.add(low)
      if (high < LAST) bounds.add(high + 1)
    }
  }
  return [...bounds].sort((a, b) => a - b)
}

interface Found {
  next: number[]
  fits: boolean[]
}

function search(
  { nodes, first, last }: Automaton,
  bounds: readonly number[],
  spend: Spend,
): Found {
  /** All that is reached without a character. */
  const reached = (from: Iterable<number>, edge?: 'start' | 'end'): Set<number> => {
    const all = new Set(from)
    for (const one of all) {
      const node = nodes[one]!
      spend(node.to.length + 1)
      if (node.ranges !== undefined || node.edge !== undefined && node.edge !== edge) continue
      for (const to of node.to) all.add(to)
    }
    return all
  }
  const known = new Map<string, number>()
  const sets: number[][] = []
  const stateOf = (set: Set<number>): number => {
    // What only leads on says nothing more.
    const own = [...set].filter((one) => nodes[one]!.ranges ?? nodes[one]!.edge).sort((a, b) =>
      a - b
    )
    spend(own.length)
    const key = own.join()
    const state = known.get(key)
    if (state !== undefined) return state
    if (sets.length >= PATTERN.states) {
      throw new PatternError(`has more than ${PATTERN.states} states: make it simpler`)
    }
    known.set(key, sets.length)
    return sets.push(own) - 1
  }
  stateOf(reached([first], 'start'))
  const found: Found = { next: [], fits: [] }
  for (let state = 0; state < sets.length; state++) {
    const set = sets[state]!
    // An empty text has both edges at the same place.
    const atEnd = new Set(set)
    for (const one of atEnd) {
      const node = nodes[one]!
      spend(1)
      const isOpen = node.edge === 'end' || node.edge === 'start' && state === 0
      if (node.ranges === undefined && (node.edge === undefined || isOpen)) {
        for (const to of node.to) atEnd.add(to)
      }
    }
    found.fits.push(atEnd.has(last))
    spend(bounds.length)
    const byClass: number[][] = bounds.map(() => [])
    for (const one of set) {
      const { ranges = [], to } = nodes[one]!
      for (const [low, high] of ranges) {
        for (let i = classOf(bounds, low); i < bounds.length && bounds[i]! <= high; i++) {
          spend(1)
          byClass[i]!.push(...to)
        }
      }
    }
    byClass.forEach((to, i) => {
      const isNone = to.length === 0 || bounds[i] === HALVES
      found.next.push(isNone ? -1 : stateOf(reached(to)))
    })
  }
  return found
}

/** Has no step that leads nowhere. */
function prune({ next, fits }: Found, bounds: readonly number[]): Table {
  const lives = fits.map(Boolean)
  const before: number[][] = fits.map(() => [])
  next.forEach((to, i) => to >= 0 && before[to]!.push(Math.floor(i / bounds.length)))
  const open = fits.flatMap((fit, state) => fit ? [state] : [])
  for (const state of open) {
    for (const from of before[state]!) {
      if (lives[from]) continue
      lives[from] = true
      open.push(from)
    }
  }
  if (!lives[0]) throw new PatternError('fits no text')
  return {
    bounds,
    next: Int32Array.from(next, (to) => to >= 0 && lives[to] ? to : -1),
    fits: Uint8Array.from(fits, Number),
    states: fits.length,
  }
}

/** The class that a character is in. */
export function classOf(bounds: readonly number[], code: number): number {
  let [low, high] = [0, bounds.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (bounds[middle]! <= code) low = middle
    else high = middle - 1
  }
  return low
}
