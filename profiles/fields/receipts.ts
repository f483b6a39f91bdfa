/**
 * Invented receipts with known fields, from a seed.
 *
 * @module
 */
import { createRandom, type Random } from '../ocr/random.ts'
import { dateOf } from './dates.ts'
import { dateRows, footRows, headRows, noiseRows } from './frame.ts'
import { itemRows, soldItems } from './items.ts'
import { shopName } from './names.ts'
import { centsText, type Fields, foldText, type Receipt, type Row } from './receipt.ts'
import { centre, left, settingOf } from './setting.ts'
import { paymentRows, sumsOf } from './totals.ts'
import { weighted, type World } from './world.ts'

export interface ReceiptOptions {
  world: World
  /** Printable ASCII alone, as what is to be rendered and read has to be. */
  ascii?: boolean
  /** Fewer items than the usual 1 to 8. */
  mostItems?: number
  /** Share of receipts without what says nothing: addresses, numbers, payment, thanks. */
  bare?: number
}

/** Randomness of sample `index` of the endless series of a seed; every one can be made alone. */
export function randomOf(seed: number, index: number): Random {
  return createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
}

export function makeReceipt(random: Random, options: ReceiptOptions): Receipt {
  const receipt = anyReceipt(random, options)
  return options.ascii ? folded(receipt) : receipt
}

function anyReceipt(
  random: Random,
  { world, ascii = false, mostItems = 8, bare = 0 }: ReceiptOptions,
): Receipt {
  const setting = settingOf(random, world, ascii)
  const { language, money, label } = setting
  const merchant = shopName(random, world, language)
  const date = random.chance(0.96) ? dateOf(random, language) : undefined
  const usual = weighted(random, [
    [4, random.integer(1, 2)],
    [6, random.integer(2, 5)],
    [2, random.integer(5, 8)],
  ])
  const items = soldItems(setting, Math.min(usual, mostItems))
  const itemCents = items.reduce((sum, { cents }) => sum + cents, 0)
  const sums = sumsOf(setting, itemCents, items.reduce((sum, { quantity }) => sum + quantity, 0))
  const isBare = random.chance(bare)
  const full = (rows: () => Row[]) => isBare ? [] : rows()
  const dated = dateRows(setting, date?.text)
  const place = weighted(random, [[7, 'head'], [3, 'foot'], [0.5, 'top']] as const)
  const rows: Row[] = [
    ...(place === 'top' ? dated : []),
    ...(isBare ? [centre(merchant)] : headRows(setting, merchant)),
    ...full(() => noiseRows(setting)),
    ...(place === 'head' ? dated : []),
    ...(random.chance(0.05) ? [left(`${label('pricesIn')} ${money.mark}`)] : []),
    ...itemRows(setting, items),
    ...(random.chance(0.2) ? [left(random.pick(['-', '=']).repeat(random.integer(8, 24)))] : []),
    ...sums.rows,
    ...full(() => paymentRows(setting, sums.totalCents)),
    ...(place === 'foot' ? dated : []),
    ...full(() => footRows(setting)),
  ]
  const fields: Fields = {
    merchant,
    date: date?.iso ?? null,
    total: centsText(sums.totalCents),
    currency: money.currency,
    tax: sums.taxCents === undefined ? null : centsText(sums.taxCents),
    items: items.map(({ name, quantity, cents }) => ({ name, quantity, price: centsText(cents) })),
  }
  return { rows, fields }
}

/** In printable ASCII throughout. */
export function folded({ rows, fields }: Receipt): Receipt {
  return {
    rows: rows.map(({ runs, at }) => ({ runs: runs.map(foldText), at })),
    fields: {
      ...fields,
      merchant: foldText(fields.merchant),
      items: fields.items.map((item) => ({ ...item, name: foldText(item.name) })),
    },
  }
}
