/**
 * Sets of variants that slots hold together.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import type { ClassShape, Kind } from './compile.ts'

export interface HeldSet {
  variants: VariantShape[]
  slots: number
}

const keyOf = (variants: readonly VariantShape[]) =>
  variants.map(({ index }) => index).sort((a, b) => a - b).join(' ')

/** Merges equal sets and adds up their slots, in the order of first mention. */
export function merge(sets: readonly HeldSet[]): HeldSet[] {
  const merged = new Map<string, HeldSet>()
  for (const { variants, slots } of sets) {
    const key = keyOf(variants)
    const same = merged.get(key)
    if (same !== undefined) same.slots += slots
    else if (slots > 0) {
      merged.set(key, { variants: [...variants].sort((a, b) => a.index - b.index), slots })
    }
  }
  return [...merged.values()]
}

export const isSame = (a: readonly VariantShape[], b: readonly VariantShape[]): boolean =>
  keyOf(a) === keyOf(b)

/** Sets of the slots of a class; kinds that differ only in allowance are merged. */
export const setsOf = (one: ClassShape, kinds: readonly Kind[]): HeldSet[] =>
  merge(
    kinds.filter((kind) => kind.class === one)
      .map(({ variants, slots }) => ({ variants: [...variants], slots })),
  )

export const slotsIn = (sets: readonly { slots: number }[]): number =>
  sets.reduce((sum, { slots }) => sum + slots, 0)

/** As many of `first` as a slot has memory for, in order, then others that fit. */
export function filled(one: ClassShape, first: readonly VariantShape[]): VariantShape[] {
  const chosen: VariantShape[] = []
  let bytes = one.given.memoryBytes
  for (const variant of new Set([...first, ...fillOrder(one)])) {
    const size = one.memory[variant.index]!
    if (size > bytes) continue
    bytes -= size
    chosen.push(variant)
  }
  return chosen
}

/** Fill order by class; it is the same for every set. */
const orderMemo = new WeakMap<ClassShape, readonly VariantShape[]>()

/**
 * Order in which remaining memory is filled: the quickest variant of every task, then the most accurate of
 * every task, then the variants that gain most between those before. So rising demand, or a queue, lowers
 * accuracy in small steps.
 */
export function fillOrder(one: ClassShape): readonly VariantShape[] {
  const known = orderMemo.get(one)
  if (known !== undefined) return known
  const found = orderOf(one)
  orderMemo.set(one, found)
  return found
}

function orderOf(one: ClassShape): VariantShape[] {
  const costOf = ({ index }: VariantShape) => 1 / one.paces[index]!.at(-1)!.ratePerS
  const tasks = Map.groupBy(one.able, ({ task }) => task)
  const order = new Set<VariantShape>()
  for (const variants of tasks.values()) {
    order.add(variants.reduce((a, b) => costOf(b) < costOf(a) ? b : a))
  }
  for (const variants of tasks.values()) {
    order.add(variants.reduce((a, b) => b.accuracy > a.accuracy ? b : a))
  }
  while (order.size < one.able.length) {
    let next: VariantShape | undefined
    let most = -Infinity
    for (const variant of one.able) {
      if (order.has(variant)) continue
      const gain = gainOf(variant, [...order].filter(({ task }) => task === variant.task), costOf)
      if (gain > most) [next, most] = [variant, gain]
    }
    order.add(next!)
  }
  return [...order]
}

/** Accuracy gained over alternating between two other variants at the same mean cost. */
function gainOf(
  variant: VariantShape,
  others: readonly VariantShape[],
  costOf: (variant: VariantShape) => number,
): number {
  const cost = costOf(variant)
  let without = 0
  for (const low of others) {
    if (costOf(low) > cost) continue
    without = Math.max(without, low.accuracy)
    for (const high of others) {
      if (costOf(high) <= cost) continue
      const share = (cost - costOf(low)) / (costOf(high) - costOf(low))
      without = Math.max(without, low.accuracy + share * (high.accuracy - low.accuracy))
    }
  }
  return variant.accuracy - without
}
