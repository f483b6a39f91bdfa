/**
 * One of several rules; a reference is one of one.
 *
 * @module
 */
import { hasRoom, type Moves, type Rule, type Way } from './rule.ts'

export interface Choice extends Rule {
  options: Rule[]
  /** What stands behind the options, each once; found when all are known. */
  leaves: readonly Rule[]
}

export function choice(id: number, options: Rule[] = []): Choice {
  const rule: Choice = {
    id,
    options,
    leaves: [],
    get width() {
      return rule.options.length + rule.leaves.length
    },
    least: Infinity,
    leastNow: () => rule.leaves.reduce((most, { least }) => Math.min(most, least), Infinity),
    enter(up: Way, to: Moves) {
      for (const leaf of rule.leaves) if (hasRoom(leaf, up.depth)) leaf.enter(up, to)
    },
    // Nothing ever stands in it.
    step: () => {},
  }
  return rule
}
