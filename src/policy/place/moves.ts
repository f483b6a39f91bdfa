/**
 * What moves cost: a slot that has to change what it holds is half lost while it loads, so a plan that
 * leaves more slots as they are is better by a little. Only where a slot holds one variant; sets of
 * several are compared once they are known.
 *
 *   for each class and variant: slots with it - added <= slots that hold it now
 *
 * @module
 */
import { type Given, isWhole, type Kind, type Share } from './given.ts'
import { addColumn, addRow, type Model } from './model.ts'
import type { ClassShape, Compiled } from './compile.ts'
import { merge } from './sets.ts'

/** Whether a program with this goal has rows for moves. */
export const hasMoves = ({ compiled, goal }: Pick<Given, 'compiled' | 'goal'>): boolean =>
  goal.name === 'accuracy' && compiled.options.movePrice > 0 &&
  compiled.classes.some(({ holding }) => holding.some((slots) => slots > 0))

/**
 * Where nodes come and go, what changed for one of them has to change again for the next, and a slot
 * that loads is missed more while another is gone: so much more for the share that may be.
 */
const PRICE_OF_RISK = 0.1

export function addMoves(
  { compiled, kinds, goal }: Pick<Given, 'compiled' | 'kinds' | 'goal'>,
  model: Model,
  shares: readonly Share[],
): void {
  if (!hasMoves({ compiled, goal })) return
  const { movePrice, atRisk } = compiled.options
  const price = movePrice + PRICE_OF_RISK * atRisk
  const rows = new Map<string, number>()
  for (const { column, kind, variant } of shares) {
    if (!isWhole(kinds[kind]!)) continue
    const { index, holding } = kinds[kind]!.class
    const key = `${index} ${variant.index}`
    let row = rows.get(key)
    if (row === undefined) {
      rows.set(key, row = addRow(model, { max: holding[variant.index]! }))
      addColumn(model, [[row, -1]], { objective: -price })
    }
    model.columns[column]!.rows.push(row)
    model.columns[column]!.coefficients.push(1)
  }
}

/** What it costs that slots with several variants change for these sets. */
export function priceOfSets(
  { options }: Compiled,
  kinds: readonly Kind[],
  held: readonly Kind[],
): number {
  const setsOf = (some: readonly Kind[], one: ClassShape) =>
    merge(
      some.filter((kind) => kind.class === one && !isWhole(kind))
        .map(({ variants, slots }) => ({ variants: [...variants], slots })),
    )
  let moves = 0
  for (const one of new Set(kinds.map((kind) => kind.class))) {
    const before = setsOf(held, one)
    for (const set of setsOf(kinds, one)) {
      const same = before.find((other) => merge([set, other]).length === 1)
      moves += Math.max(0, set.slots - (same?.slots ?? 0))
    }
  }
  return options.movePrice * moves
}
