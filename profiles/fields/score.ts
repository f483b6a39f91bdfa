/**
 * How right an answer is: fields of a receipt, one by one.
 *
 * @module
 */
import type { Fields, FieldsItem } from './receipt.ts'

export interface FieldScore {
  /** Fields of the true answer: merchant, date, total, currency, tax, three of each item. */
  total: number
  /** Those that are wrong or absent, and those of items that are not there. */
  errors: number
  exact: boolean
}

const itemFields = ['name', 'quantity', 'price'] as const
const ownFields = ['merchant', 'date', 'total', 'currency', 'tax'] as const

/** @param answer of any shape: what is not there is wrong */
export function scoreFields(truth: Fields, answer: unknown): FieldScore {
  const given = (typeof answer === 'object' && answer !== null ? answer : {}) as Partial<Fields>
  const total = ownFields.length + itemFields.length * truth.items.length
  let errors = ownFields.filter((name) => given[name] !== truth[name]).length
  const items = Array.isArray(given.items) ? given.items : []
  errors += itemErrors(truth.items, items)
  return { total, errors: Math.min(errors, total), exact: errors === 0 }
}

/** What a text says as JSON, nothing where it is none. */
export function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    return undefined
  }
}

/** Fewest wrong fields of any pairing in order: an item left out counts once, not for all behind. */
function itemErrors(truths: readonly FieldsItem[], items: readonly unknown[]): number {
  const skip = itemFields.length
  let row = Array.from({ length: items.length + 1 }, (_, j) => j * skip)
  for (const [i, truth] of truths.entries()) {
    const next = [(i + 1) * skip]
    for (const [j, item] of items.entries()) {
      const given = (typeof item === 'object' && item !== null ? item : {}) as Partial<FieldsItem>
      const wrong = itemFields.filter((name) => given[name] !== truth[name]).length
      next.push(Math.min(row[j + 1]! + skip, next[j]! + skip, row[j]! + wrong))
    }
    row = next
  }
  return row.at(-1)!
}
