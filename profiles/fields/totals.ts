/**
 * Sums of a receipt: subtotal, discount, tax, total, how it was paid.
 *
 * @module
 */
import type { Row } from './receipt.ts'
import { left, type Setting } from './setting.ts'
import { patterned, weighted } from './world.ts'

export interface Sums {
  rows: Row[]
  totalCents: number
  /** Absent where the receipt names no amount of tax. */
  taxCents?: number
}

const rates = {
  EUR: ['19%', '7%', '20%', '21%', '10%', '5,5%', '19,00%', '22%'],
  USD: ['8.25%', '7%', '6.5%', '8.875%', '5%', '10%'],
  GBP: ['20%', '20.00%', '5%', '20.0%'],
  CHF: ['8.1%', '2.6%', '7.7%', '2.5%', '8.10%'],
}

export function sumsOf(setting: Setting, itemCents: number, count: number): Sums {
  const { random, money, label } = setting
  const rows: Row[] = []
  const separator = random.pick(['', ':', ''])
  const named = (text: string, cents: number) => left(text + separator, money.usual(cents))
  const discount = random.chance(0.07) ? Math.ceil(itemCents * random.pick([0.05, 0.1, 0.2])) : 0
  const rate = random.pick(rates[money.currency])
  const share = Number(rate.replace(',', '.').replace('%', '')) / 100
  const base = itemCents - discount
  const kind = weighted(
    random,
    [
      [2.2, 'none'],
      [money.currency === 'USD' ? 5 : 1.6, 'added'],
      [money.currency === 'USD' ? 0.5 : 3.2, 'included'],
      [money.currency === 'USD' ? 0.1 : 1.2, 'table'],
      [0.8, 'rate alone'],
    ] as const,
  )
  const taxCents = kind === 'added'
    ? Math.max(1, Math.round(base * share))
    : Math.max(1, Math.round(base * share / (1 + share)))
  const totalCents = base + (kind === 'added' ? taxCents : 0)
  if (kind === 'added' || random.chance(0.25)) rows.push(named(label('subtotal'), itemCents))
  if (discount > 0) {
    rows.push(left(label('discount'), `-${money.plain(discount)}`))
  }
  const rateText = weighted(random, [[3, ` ${rate}`], [2, ` (${rate})`], [2, '']])
  const taxed = `${label('tax')}${rateText}`
  const counted = random.chance(0.08) ? [left(`${label('count')}: ${count}`)] : []
  if (kind === 'added') rows.push(named(taxed, taxCents))
  if (kind === 'included' && random.chance(0.25)) rows.push(named(taxed, taxCents))
  else if (kind === 'included') {
    const inside = random.chance(0.6)
      ? named(`${label('included')} ${taxed}`, taxCents)
      : random.chance(0.5)
      ? left(`${label('included')} ${rate} ${label('tax')}`, money.usual(taxCents))
      : left(taxed, money.usual(taxCents))
    return {
      rows: [...rows, ...totalRows(setting, totalCents), ...counted, inside],
      totalCents,
      taxCents,
    }
  }
  rows.push(...totalRows(setting, totalCents), ...counted)
  if (kind === 'table') rows.push(...taxTable(setting, rate, totalCents, taxCents))
  if (kind === 'rate alone') rows.push(left(`${label('included')} ${rate} ${label('tax')}`))
  const named_ = kind === 'added' || kind === 'included' || kind === 'table'
  return { rows, totalCents, ...(named_ ? { taxCents } : {}) }
}

function taxTable(
  { random, money, label }: Setting,
  rate: string,
  total: number,
  tax: number,
): Row[] {
  const front = random.chance(0.5) ? `A ${rate}` : rate
  const cells = { net: money.plain(total - tax), tax: money.plain(tax), gross: money.plain(total) }
  const order = random.pick(
    [
      ['net', 'tax', 'gross'],
      ['gross', 'net', 'tax'],
      ['net', 'tax'],
      ['gross', 'tax', 'net'],
    ] as const,
  )
  const head = random.chance(0.5) ? '%' : random.pick(['', 'Rate', 'Satz', 'Taux', 'Tipo'])
  return [
    left(head, ...order.map((name) => label(name))),
    left(front, ...order.map((name) => cells[name])),
  ]
}

/** A currency is always named here unless the amounts above have named it. */
function totalRows({ random, money, label }: Setting, cents: number): Row[] {
  const text = label('total')
  const runs = money.marked(cents)
  return weighted<() => Row[]>(random, [
    [8, () => [left(text, ...runs)]],
    [3, () => [left(`${text}:`, ...runs)]],
    [2, () => [left(`${text} ${money.mark}`, money.plain(cents))]],
    [1, () => [left(`${text} (${money.mark})`, money.plain(cents))]],
    [1, () => [left(`${text}: ${runs.join(' ')}`)]],
    [0.7, () => [left(text), left(...runs)]],
    [0.5, () => [left(...runs, text)]],
  ])()
}

export function paymentRows({ random, money, label }: Setting, totalCents: number): Row[] {
  if (random.chance(0.4)) return []
  if (random.chance(0.5)) {
    const notes = [500, 1000, 2000, 5000, 10_000, 20_000]
    const given = random.chance(0.3)
      ? totalCents
      : notes.find((note) => note >= totalCents) ?? Math.ceil(totalCents / 5000) * 5000
    const rows = [left(label('cash'), money.usual(given))]
    if (given > totalCents || random.chance(0.4)) {
      rows.push(left(label('change'), money.usual(given - totalCents)))
    }
    return rows
  }
  const number = patterned(
    random,
    random.pick([' **** ####', ' XXXX####', '', '', ' ************####']),
  )
  const rows = [
    left(label('card') + number, ...(random.chance(0.7) ? [money.usual(totalCents)] : [])),
  ]
  if (random.chance(0.15)) rows.push(left(patterned(random, 'Auth ######')))
  return rows
}
