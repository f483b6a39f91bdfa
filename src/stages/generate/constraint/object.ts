/**
 * Objects: properties in the schema's order; optional ones may be left out.
 *
 * @module
 */
import { hasRoom, type Moves, type Rule, type Way } from './rule.ts'

export interface Property {
  /** Bytes of `"name":`. */
  name: Uint8Array
  rule: Rule
  isRequired: boolean
}

const [BRACE, END_BRACE, COMMA] = [0x7b, 0x7d, 0x2c]
const [OUTSIDE, OPEN, FIRST] = [0, 1, 2]
/** Of property `i`: within its name, and behind its value. */
const inName = (i: number) => FIRST + 2 * i
const behind = (i: number) => FIRST + 2 * i + 1

export function object(id: number, properties: readonly Property[]): Rule {
  /** The first from there on that has to come. */
  const needed: number[] = []
  for (let i = properties.length - 1; i >= 0; i--) {
    needed[i] = properties[i]!.isRequired ? i : needed[i + 1] ?? properties.length
  }
  const rule: Rule = {
    id,
    holds: true,
    width: properties.length,
    least: Infinity,
    leastNow: () =>
      1 +
      properties.reduce(
        (most, { rule, isRequired }) => isRequired ? Math.max(most, rule.least) : most,
        0,
      ),
    enter: (up: Way, to: Moves) => to.go(rule, OUTSIDE, 0, up),
    step(way, byte, to) {
      const { at, count, up } = way
      if (at === OUTSIDE) {
        if (byte === BRACE) to.go(rule, OPEN, 0, up)
        return
      }
      const isBehind = at > OPEN && (at - FIRST) % 2 === 1
      if (at > OPEN && !isBehind) {
        const i = (at - FIRST) / 2
        const { name, rule: value } = properties[i]!
        if (name[count] !== byte) return
        if (count + 1 < name.length) to.go(rule, at, count + 1, up)
        else value.enter(to.place(rule, behind(i), 0, up), to)
        return
      }
      const from = at === OPEN ? 0 : (at - FIRST - 1) / 2 + 1
      const last = needed[from] ?? properties.length
      if (byte === END_BRACE) {
        if (last === properties.length) to.back(up)
        return
      }
      const wanted = at === OPEN ? 0x22 : COMMA
      if (byte !== wanted) return
      for (let i = from; i <= last && i < properties.length; i++) {
        if (hasRoom(properties[i]!.rule, way.depth)) to.go(rule, inName(i), at === OPEN ? 1 : 0, up)
      }
    },
  }
  return rule
}

const [BEHIND_KEY, BEHIND_VALUE] = [2, 3]

/** Objects of any names, and of one kind of value. */
export function map(id: number, key: Rule, value: Rule): Rule {
  const rule: Rule = {
    id,
    holds: true,
    least: 1,
    enter: (up: Way, to: Moves) => to.go(rule, OUTSIDE, 0, up),
    step(way, byte, to) {
      const { at, up } = way
      const isFull = !hasRoom(value, way.depth)
      const enterKey = () => key.enter(to.place(rule, BEHIND_KEY, 0, up), to)
      if (at === OUTSIDE && byte === BRACE) {
        to.go(rule, OPEN, 0, up)
        if (!isFull) enterKey()
      } else if ((at === OPEN || at === BEHIND_VALUE) && byte === END_BRACE) to.back(up)
      else if (at === BEHIND_VALUE && byte === COMMA) enterKey()
      else if (at === BEHIND_KEY && byte === 0x3a) {
        value.enter(to.place(rule, BEHIND_VALUE, 0, up), to)
      }
    },
  }
  return rule
}
