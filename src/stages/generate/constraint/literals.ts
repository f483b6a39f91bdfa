/**
 * Values that stand as they are: those of `enum` and `const`, true, false, null.
 *
 * @module
 */
import type { Moves, Rule, Way } from './rule.ts'

interface Place {
  next: Map<number, number>
  isEnd: boolean
}

/** @param texts bytes of JSON, at least one */
export function literals(id: number, texts: readonly Uint8Array[]): Rule {
  const places: Place[] = [{ next: new Map(), isEnd: false }]
  for (const text of texts) {
    let at = 0
    for (const byte of text) {
      const known = places[at]!.next.get(byte)
      if (known === undefined) places[at]!.next.set(byte, places.length)
      at = known ?? places.push({ next: new Map(), isEnd: false }) - 1
    }
    places[at]!.isEnd = true
  }
  const rule: Rule = {
    id,
    least: 0,
    enter: (up: Way, to: Moves) => to.go(rule, 0, 0, up),
    step({ at, up }, byte, to) {
      const next = places[at]!.next.get(byte)
      if (next === undefined) return
      const place = places[next]!
      // If no more can follow, the value is over.
      if (place.isEnd && place.next.size === 0) to.back(up)
      else to.go(rule, next, 0, up)
    },
    mayEnd: ({ at }) => places[at]!.isEnd,
  }
  return rule
}
