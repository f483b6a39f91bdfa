/**
 * Amounts as a receipt prints them.
 *
 * @module
 */
import type { Random } from '../ocr/random.ts'
import type { Currency } from './receipt.ts'
import { type Language, weighted } from './world.ts'

/** How one receipt prints its amounts. */
export interface Money {
  currency: Currency
  /** Without a mark of the currency. */
  plain(cents: number): string
  /** With one, as runs: the mark may stand apart. */
  marked(cents: number): string[]
  /** As most amounts are printed here: marked or not. */
  usual(cents: number): string
  /** The mark alone, as in `EUR` of a header. */
  mark: string
}

const marks: { readonly [currency in Currency]: readonly (readonly [number, string])[] } = {
  EUR: [[5, '€'], [5, 'EUR'], [1, 'Euro'], [0.3, 'EURO']],
  USD: [[7, '$'], [3, 'USD'], [1, 'US$']],
  GBP: [[6, '£'], [3, 'GBP']],
  CHF: [[8, 'CHF'], [1.5, 'Fr.'], [0.8, 'SFr.']],
}

const asciiMarks: typeof marks = {
  ...marks,
  EUR: [[6, 'EUR'], [1, 'Euro'], [0.5, 'EURO']],
  GBP: [[6, 'GBP']],
}

const spoken: { readonly [language in Language]: readonly (readonly [number, Currency])[] } = {
  en: [[4, 'USD'], [4, 'GBP'], [2, 'EUR'], [1, 'CHF']],
  de: [[6, 'EUR'], [3, 'CHF'], [0.3, 'USD'], [0.2, 'GBP']],
  fr: [[6, 'EUR'], [3, 'CHF'], [0.3, 'USD'], [0.2, 'GBP']],
  es: [[6, 'EUR'], [2.5, 'USD'], [0.3, 'CHF'], [0.3, 'GBP']],
}

export function moneyOf(random: Random, language: Language, ascii: boolean): Money {
  const currency = weighted(random, spoken[language])
  const mark = weighted(random, (ascii ? asciiMarks : marks)[currency])
  const point = random.chance(language === 'en' || currency === 'CHF' ? 0.93 : 0.3)
  const thousands = currency === 'CHF'
    ? random.pick(["'", "'", ' ', ''])
    : point
    ? random.pick([',', ',', ''])
    : random.pick(['.', '.', ' ', ''])
  const before = random.chance(/[$£]/.test(mark) ? 0.92 : mark === '€' ? 0.25 : 0.5)
  const tight = random.chance(/[$£]/.test(mark) ? 0.85 : 0.3)
  const apart = !tight && random.chance(0.35)
  const plain = (cents: number) => {
    const whole = String(Math.floor(cents / 100)).replace(/\B(?=(\d{3})+$)/g, thousands)
    return `${whole}${point ? '.' : ','}${String(cents % 100).padStart(2, '0')}`
  }
  const marked = (cents: number) => {
    const parts = before ? [mark, plain(cents)] : [plain(cents), mark]
    return apart ? parts : [parts.join(tight ? '' : ' ')]
  }
  const all = random.chance(0.35)
  const usual = (cents: number) => all && !apart ? marked(cents).join('') : plain(cents)
  return { currency, mark, plain, marked, usual }
}

/** A price in cents, as often small as shops are. */
export function priceCents(random: Random): number {
  const cents = weighted<() => number>(random, [
    [3, () => random.integer(50, 499)],
    [5, () => random.integer(100, 1999)],
    [2, () => random.integer(1000, 9999)],
    [0.4, () => random.integer(10_000, 99_999)],
    [0.15, () => random.integer(100_000, 399_999)],
  ])()
  return weighted(random, [
    [4, cents],
    [2, Math.ceil(cents / 10) * 10],
    [2, Math.ceil(cents / 50) * 50],
    [2, Math.ceil(cents / 100) * 100 - 1],
  ])
}
