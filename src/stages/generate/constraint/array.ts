/**
 * Arrays: a bounded number of items, the first of which may have rules by position.
 *
 * @module
 */
import { counted, farCount, hasRoom, type Moves, type Rule, type Way } from './rule.ts'

const [BRACKET, END_BRACKET, COMMA] = [0x5b, 0x5d, 0x2c]
const [OUTSIDE, OPEN, BEHIND] = [0, 1, 2]

export interface Items {
  first: readonly Rule[]
  /** The rule of further items; none are allowed if it is absent. */
  rest: Rule | undefined
  min: number
  max: number
}

export function array(id: number, { first, rest, min, max: wanted }: Items): Rule {
  const max = rest === undefined ? Math.min(wanted, first.length) : wanted
  /** From here on all are alike. */
  const alike = Math.max(min, first.length)
  const ruleAt = (i: number): Rule | undefined => i < max ? first[i] ?? rest : undefined
  const rule: Rule = {
    id,
    holds: true,
    width: first.length,
    least: Infinity,
    leastNow() {
      let most = 0
      for (let i = 0; i < Math.min(min, first.length + 1); i++) {
        most = Math.max(most, ruleAt(i)?.least ?? Infinity)
      }
      return 1 + most
    },
    enter: (up: Way, to: Moves) => to.go(rule, OUTSIDE, 0, up),
    step(way, byte, to) {
      const { at, count, up } = way
      const enterItem = () => {
        const item = ruleAt(count)
        if (item === undefined || !hasRoom(item, way.depth)) return
        item.enter(to.place(rule, BEHIND, counted(count + 1, alike, max), up), to)
      }
      if (at === OUTSIDE) {
        if (byte !== BRACKET) return
        if (min === 0) to.go(rule, OPEN, 0, up)
        enterItem()
      } else if (byte === END_BRACKET) {
        if (count >= min) to.back(up)
      } else if (at === BEHIND && byte === COMMA) enterItem()
    },
    far({ count }, bytes) {
      if (count >= alike) return max - count > bytes ? alike : count
      return first.length === 0 ? farCount(count, min, max, bytes) : count
    },
  }
  return rule
}
