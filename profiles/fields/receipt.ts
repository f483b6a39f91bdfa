/**
 * What a receipt says, and how that is written down as an answer.
 *
 * @module
 */

export const currencies = ['EUR', 'USD', 'GBP', 'CHF'] as const

export type Currency = (typeof currencies)[number]

export interface FieldsItem {
  name: string
  quantity: number
  /** Of the whole line, with a point and two decimals. */
  price: string
}

/** Fields in the order of the answer. */
export interface Fields {
  merchant: string
  date: string | null
  total: string
  currency: Currency
  tax: string | null
  items: FieldsItem[]
}

/** Runs of text from left to right on one row. */
export interface Row {
  runs: string[]
  /** Of a single run; several stand apart, the last at the right margin. */
  at: 'left' | 'centre'
}

export interface Receipt {
  rows: Row[]
  fields: Fields
}

/** Compact JSON; its keys always stand in this order. */
export function answerOf({ merchant, date, total, currency, tax, items }: Fields): string {
  return JSON.stringify({
    merchant,
    date,
    total,
    currency,
    tax,
    items: items.map(({ name, quantity, price }) => ({ name, quantity, price })),
  })
}

export function centsText(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
}

/** The same in printable ASCII: accents go, what has no likeness too. */
export function foldText(text: string): string {
  return text.replaceAll('ß', 'ss').replaceAll('œ', 'oe').replaceAll('æ', 'ae')
    .replace(/[’‘]/g, "'").replace(/[–—]/g, '-').replaceAll('ø', 'o').replaceAll('€', 'EUR')
    .replaceAll('£', 'GBP').normalize('NFD').replace(/[^\n\t\x20-\x7e]/g, '')
}
