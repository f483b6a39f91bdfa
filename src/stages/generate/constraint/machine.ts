/**
 * Runs a schema's rules over bytes: all parses of the text so far at the same time.
 *
 * Results are cached, up to a bound: most steps are two look-ups.
 *
 * @module
 */
import { MOST_KEPT_WAYS, MOST_STATES, MOST_WAYS } from './limits.ts'
import type { Moves, Rule, Way } from './rule.ts'

/** Those alike are one object, as long as they are kept. */
export interface State {
  readonly ways: readonly Way[]
  /** The answer may end here. */
  readonly isWhole: boolean
  /** By byte, where it was looked for; null where none leads. */
  readonly next: (State | null | undefined)[]
  far?: State
  mask?: Uint8Array
  forced?: number
  isOver?: boolean
}

/** Behind the whole value. */
const end: Rule = { id: -1, least: 0, enter: () => {}, step: () => {} }

export interface Machine {
  readonly start: State
  next(state: State, byte: number): State | null
  /** Whether the answer has to end here: not where a number may have more digits. */
  isOver(state: State): boolean
  /** A state that allows the same tokens, if no token is longer than `bytes`. */
  far(state: State, bytes: number): State
}

export function createMachine(root: Rule): Machine {
  let ways = new Map<string, Way>()
  let states = new Map<string, State>()
  let made = 0

  function wayOf(rule: Rule, at: number, count: number, up: Way | null): Way {
    const key = `${rule.id},${at},${count},${up?.id ?? ''}`
    let way = ways.get(key)
    if (way === undefined) {
      const depth = (up?.depth ?? 0) + (rule.holds === true ? 1 : 0)
      ways.set(key, way = { id: made++, rule, at, count, up, depth })
    }
    return way
  }

  function stateOf(found: ReadonlySet<Way>): State {
    const [only] = found
    if (found.size === 1 && only?.alone !== undefined) return only.alone as State
    // Each way leads to an end: with some left aside the rest still does.
    const kept = [...found].slice(0, MOST_WAYS)
    const key = kept.map(({ id }) => id).sort((a, b) => a - b).join()
    let state = states.get(key)
    if (state === undefined) {
      if (states.size >= MOST_STATES || ways.size >= MOST_KEPT_WAYS) {
        states = new Map()
        ways = new Map()
      }
      state = { ways: kept, isWhole: kept.some(isEnd), next: [] }
      states.set(key, state)
      if (kept.length === 1) kept[0]!.alone = state
    }
    return state
  }

  function isEnd(way: Way): boolean {
    return way.rule === end ||
      way.rule.mayEnd?.(way) === true && way.up !== null && isEnd(way.up)
  }

  function movesInto(found: Set<Way>): Moves {
    return {
      go: (rule, at, count, up) => void found.add(wayOf(rule, at, count, up)),
      place: wayOf,
      back: (up) => void (up !== null && found.add(up)),
    }
  }

  function step(way: Way, byte: number, to: Moves): void {
    way.rule.step(way, byte, to)
    if (way.rule.mayEnd?.(way) === true && way.up !== null) step(way.up, byte, to)
  }

  function farWay(way: Way, bytes: number): Way {
    if (way.far !== undefined) return way.far
    const up = way.up === null ? null : farWay(way.up, bytes)
    const count = way.rule.far?.(way, bytes) ?? way.count
    return way.far = wayOf(way.rule, way.at, count, up)
  }

  const first = new Set<Way>()
  root.enter(wayOf(end, 0, 0, null), movesInto(first))

  function next(state: State, byte: number): State | null {
    const known = state.next[byte]
    if (known !== undefined) return known
    const found = new Set<Way>()
    const to = movesInto(found)
    for (const way of state.ways) step(way, byte, to)
    return state.next[byte] = found.size === 0 ? null : stateOf(found)
  }

  function isOver(state: State): boolean {
    if (!state.isWhole) return false
    for (let byte = 0; byte < 256; byte++) if (next(state, byte) !== null) return false
    return true
  }

  return {
    start: stateOf(first),
    next,
    isOver: (state) => state.isOver ??= isOver(state),
    far: (state, bytes) =>
      state.far ??= stateOf(new Set(state.ways.map((way) => farWay(way, bytes)))),
  }
}
