/**
 * Slots counted by what they hold, and how that changes as slots load. Counts may be fractions: a slot
 * that loads is worth half.
 *
 * @module
 */
import type { ClassShape } from './compile.ts'
import type { Kind } from './given.ts'

/** By class and set of variants. */
export type Holdings = ReadonlyMap<string, Kind>

export const keyOfKind = ({ class: one, variants }: Pick<Kind, 'class' | 'variants'>): string =>
  `${one.index} ${variants.map(({ index }) => index).sort((a, b) => a - b).join()}`

export function holdingsOf(kinds: readonly Kind[]): Holdings {
  let holdings: Holdings = new Map()
  for (const kind of kinds) holdings = changed(holdings, kind, kind.slots)
  return holdings
}

/** The same with so many more slots of this kind. */
export function changed(holdings: Holdings, kind: Kind, by: number): Holdings {
  const key = keyOfKind(kind)
  const { class: one, variants } = kind
  const slots = slotsOf(holdings, kind) + by
  const next = new Map(holdings)
  if (slots > 0) next.set(key, { class: one, variants, slots })
  else next.delete(key)
  return next
}

export const slotsOf = (holdings: Holdings, kind: Kind): number =>
  holdings.get(keyOfKind(kind))?.slots ?? 0

/** What a class has more of than it shall have. */
export const surplus = (has: Holdings, shall: Holdings, one: ClassShape): Kind[] =>
  [...has.values()].filter((kind) => kind.class === one && kind.slots > slotsOf(shall, kind))

/** Variants that a slot of one kind has to load to be of another. */
export const lacking = (from: Kind, to: Kind): number =>
  to.variants.filter((variant) => !from.variants.includes(variant)).length

/** The same for all that is held, whatever order it came about in. */
export const keyOfHoldings = (holdings: Holdings): string =>
  [...holdings.values()].map((kind) => `${keyOfKind(kind)}:${kind.slots}`).sort().join(';')
