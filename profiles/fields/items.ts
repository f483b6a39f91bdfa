/**
 * Items as tills print them, in a number of layouts.
 *
 * @module
 */
import { cased, itemName } from './names.ts'
import { priceCents } from './money.ts'
import type { Row } from './receipt.ts'
import { left, type Setting } from './setting.ts'
import { openTo, patterned, weighted } from './world.ts'

export interface Sold {
  name: string
  quantity: number
  unitCents: number
  cents: number
}

export function soldItems(setting: Setting, count: number): Sold[] {
  const { random, world, language } = setting
  const style = weighted(random, [[6, 'as is'], [3, 'upper'], [0.5, 'lower']] as const)
  const several = random.pick([0.1, 0.3, 0.6])
  return Array.from({ length: count }, () => {
    const name = cased(random, itemName(random, world, language), [[1, style]])
    const quantity = random.chance(several)
      ? weighted(random, [[8, random.integer(2, 4)], [3, random.integer(5, 12)], [1, 1]])
      : 1
    const unitCents = quantity > 4 ? Math.ceil(priceCents(random) / 5) : priceCents(random)
    return { name, quantity, unitCents, cents: quantity * unitCents }
  })
}

type Layout = (setting: Setting, items: readonly Sold[]) => Row[]

/** Rows of all items, headed where the layout has a head. */
export function itemRows(setting: Setting, items: readonly Sold[]): Row[] {
  return setting.random.pick(openTo(setting.world, layouts))(setting, items)
}

/** `2 x Espresso  5.00`, and other places for the quantity. */
const inTheName: Layout = ({ random, money }, items) => {
  const one = random.chance(0.35)
  const tail = endMark(random)
  const write = random.pick<(item: Sold) => string>([
    ({ name, quantity }) => `${quantity} x ${name}`,
    ({ name, quantity }) => `${quantity}x ${name}`,
    ({ name, quantity }) => `${quantity} ${name}`,
    ({ name, quantity }) => `${name} x${quantity}`,
    ({ name, quantity }) => `${name} x ${quantity}`,
    ({ name, quantity }) => `${name} (${quantity})`,
    ({ name, quantity }) => `${quantity} X ${name}`,
    ({ name, quantity }) => `${quantity}* ${name}`,
  ])
  return items.map((item) => {
    const name = item.quantity > 1 || one ? write(item) : item.name
    return left(name, ...tail(money.usual(item.cents)))
  })
}

/** The name with the price, what makes it up below where there are several. */
const detailBelow: Layout = (setting, items) => {
  const { random, money } = setting
  const tail = endMark(random)
  const detail = detailStyle(setting)
  return items.flatMap((item) => [
    left(item.name, ...tail(money.usual(item.cents))),
    ...(item.quantity > 1 ? [left(detail(item))] : []),
  ])
}

/** The name alone, quantity, unit and price below: of all, or where there are several. */
const nameAbove: Layout = (setting, items) => {
  const { random, money } = setting
  const tail = endMark(random)
  const detail = detailStyle(setting)
  const all = random.chance(0.5)
  return items.flatMap((item) =>
    all || item.quantity > 1
      ? [left(item.name), left(detail(item), ...tail(money.usual(item.cents)))]
      : [left(item.name, ...tail(money.usual(item.cents)))]
  )
}

/** Columns with a head. */
const columns: Layout = (setting, items) => {
  const { random, money, label } = setting
  const order = random.pick(
    [
      ['item', 'quantity', 'price'],
      ['quantity', 'item', 'price'],
      ['item', 'quantity', 'unit', 'price'],
      ['quantity', 'item', 'unit', 'price'],
      ['item', 'unit', 'quantity', 'price'],
    ] as const,
  )
  const head = order.map((column) => label(column))
  if (random.chance(0.2)) head.push(`${head.pop()} ${money.mark}`)
  const cell = {
    item: (item: Sold) => item.name,
    quantity: (item: Sold) => String(item.quantity),
    unit: (item: Sold) => money.usual(item.unitCents),
    price: (item: Sold) => money.usual(item.cents),
  }
  return [left(...head), ...items.map((item) => left(...order.map((column) => cell[column](item))))]
}

/** The same without a head, or with a number in front of each line. */
const plainColumns: Layout = ({ random, money }, items) => {
  const tail = endMark(random)
  const order = random.pick(['quantity first', 'unit too', 'codes', 'numbered', 'one too'])
  return items.map((item, index) => {
    const { name, quantity, unitCents } = item
    const price = tail(money.usual(item.cents))
    if (order === 'quantity first') return left(String(quantity), name, ...price)
    if (order === 'unit too') {
      return left(`${quantity} x`, name, money.plain(unitCents), ...price)
    }
    if (order === 'one too') return left(name, `${quantity} x ${money.plain(unitCents)}`, ...price)
    const front = order === 'codes' ? patterned(random, '#####') : `${index + 1}.`
    return left(front, quantity > 1 ? `${quantity} x ${name}` : name, ...price)
  })
}

/** HELD BACK. What makes it up stands above the name, as some supermarkets print it. */
const detailAbove: Layout = (setting, items) => {
  const { money } = setting
  const detail = detailStyle(setting)
  return items.flatMap((item) => [
    ...(item.quantity > 1 ? [left(detail(item))] : []),
    left(item.name, money.usual(item.cents)),
  ])
}

/** The price in front. */
const priceFirst: Layout = ({ random, money }, items) => {
  const sign = random.pick([' x ', ' x', '  x'])
  return items.map(({ name, quantity, cents }) =>
    left(money.usual(cents), quantity > 1 ? `${name}${sign}${quantity}` : name)
  )
}

/** HELD BACK. Dots up to the price. */
const dotted: Layout = ({ random, money }, items) => {
  const dots = random.pick(['...', '....', '......', ' .....'])
  return items.map(({ name, quantity, cents }) =>
    left(`${quantity > 1 ? `${quantity}x ` : ''}${name}${dots}`, money.usual(cents))
  )
}

/** HELD BACK. `Espresso @ 2.50`, how many at the other side, the price below. */
const priceBelow: Layout = ({ money }, items) =>
  items.flatMap(({ name, quantity, unitCents, cents }) => [
    left(name),
    left(`${quantity} @ ${money.plain(unitCents)}`, `= ${money.usual(cents)}`),
  ])

/** Every third is held back (`openTo`). */
const layouts: readonly Layout[] = [
  ...[inTheName, detailBelow, detailAbove, nameAbove, columns, priceBelow],
  ...[plainColumns, priceFirst],
  dotted,
]

/** What stands after a price: nothing, mostly; the letter of a tax rate. */
function endMark(random: Setting['random']): (price: string) => string[] {
  const marks = random.pick([['A'], ['A', 'B'], ['*'], ['1', '2'], ['T'], ['A', 'B', 'C']])
  return weighted<(price: string) => string[]>(random, [
    [8, (price) => [price]],
    [0.7, (price) => [`${price} ${random.pick(marks)}`]],
    [0.5, (price) => [price, random.pick(marks)]],
    [0.2, (price) => [`${price}*`]],
  ])
}

function detailStyle({ random, money }: Setting): (item: Sold) => string {
  const indent = random.pick(['', '', '  '])
  const unit = money.mark
  const write = random.pick<(quantity: number, each: string) => string>([
    (quantity, each) => `${quantity} x ${each}`,
    (quantity, each) => `${quantity}x ${each}`,
    (quantity, each) => `${quantity} @ ${each}`,
    (quantity, each) => `${quantity} x ${each} ${unit}`,
    (quantity, each) => `${quantity} X ${each}`,
    (quantity, each) => `${quantity} * ${each}`,
    (quantity, each) => `${quantity} Stk x ${each}`,
    (quantity, each) => `${each} x ${quantity}`,
    (quantity, each) => `(${quantity} x ${each})`,
  ])
  return ({ quantity, unitCents }) => indent + write(quantity, money.plain(unitCents))
}
