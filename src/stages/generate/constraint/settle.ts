/**
 * Computed once all rules are read: the leaves behind choices, and the least depth of a value.
 *
 * @module
 */
import type { Choice } from './choice.ts'
import { MOST_DEPTH, MOST_WAYS } from './limits.ts'
import type { Rule } from './rule.ts'
import { SchemaError } from './schema_error.ts'
import type { Spend } from './work.ts'

const isChoice = (rule: Rule): rule is Choice => rule.options !== undefined

/** @throws SchemaError for a choice of nothing but itself, or of too many */
export function settle(rules: readonly Rule[], spend: Spend): void {
  for (const rule of rules) if (isChoice(rule)) rule.leaves = leavesOf(rule, spend)
  for (let isNew = true; isNew;) {
    isNew = false
    for (const rule of rules) {
      spend(1 + (rule.width ?? 0))
      const least = rule.leastNow?.() ?? rule.least
      // Deeper than any answer is as good as endless.
      if (least >= rule.least || least > MOST_DEPTH) continue
      rule.least = least
      isNew = true
    }
  }
}

function leavesOf(choice: Choice, spend: Spend): Rule[] {
  const seen = new Set<Rule>([choice])
  const leaves: Rule[] = []
  for (const rule of seen) {
    spend(1 + (rule.width ?? 0))
    if (isChoice(rule)) { for (const option of rule.options) seen.add(option) }
    else leaves.push(rule)
    if (leaves.length > MOST_WAYS) {
      throw new SchemaError('', `has a choice of more than ${MOST_WAYS} schemas: have fewer`)
    }
  }
  return leaves
}
