/**
 * What moves cost: a slot that has to change what it holds is half lost while it loads, so a plan that
 * leaves more slots as they are is better by a little. The program counts moves of slots that hold one
 * variant; sets of several are compared once they are known.
 *
 *   for each class and variant: slots with it - added <= slots that hold it now
 *
 * @module
 */
import { type Compiled, isWhole, type Kind } from './compile.ts'
import { addColumn, addEntry, addRow } from './model.ts'
import { place } from './params.ts'
import type { Program } from './types.ts'
import { isSame, setsOf } from './sets.ts'

export const hasMoves = ({ classes }: Compiled): boolean =>
  place.movePrice > 0 && classes.some(({ holding }) => holding.some((slots) => slots > 0))

export function addMoves({ compiled, kinds, model, shares }: Program): void {
  if (!hasMoves(compiled)) return
  const price = place.movePrice + place.riskPrice * compiled.atRisk
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
    addEntry(model, column, row, 1)
  }
}

/** What it costs that slots with several variants change for these sets. */
export function priceOfSets(kinds: readonly Kind[], held: readonly Kind[]): number {
  const several = (some: readonly Kind[]) => some.filter((kind) => !isWhole(kind))
  let moves = 0
  for (const one of new Set(kinds.map((kind) => kind.class))) {
    const before = setsOf(one, several(held))
    for (const set of setsOf(one, several(kinds))) {
      const same = before.find((other) => isSame(set.variants, other.variants))
      moves += Math.max(0, set.slots - (same?.slots ?? 0))
    }
  }
  return place.movePrice * moves
}
