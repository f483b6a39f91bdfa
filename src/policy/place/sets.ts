/**
 * From time that a class gives to each variant to sets of variants that its slots hold.
 *
 * @module
 */
import type { VariantShape } from '../shape.ts'
import type { ClassShape } from './compile.ts'

export interface HeldSet {
  variants: VariantShape[]
  slots: number
}

/** A slot being packed. */
interface Bin {
  variants: Set<VariantShape>
  timeLeft: number
  bytesLeft: number
}

const LITTLE = 1e-6

/** Orders in which a packing may take variants; the caller keeps the best. */
export const PACKINGS = ['time', 'memory', 'density'] as const
export type Packing = typeof PACKINGS[number]

/**
 * Packs `times` (in slots) into `slots` slots, within memory and number of variants, then fills what
 * memory is left: with variants that found no room, then with the others by `order`. Time that did
 * not fit is not lost yet: a slot with several variants is free to shift its time among them.
 */
export function pack(
  one: ClassShape,
  times: ReadonlyMap<VariantShape, number>,
  slots: number,
  packing: Packing,
  order: readonly VariantShape[],
): HeldSet[] {
  const bins: Bin[] = []
  const left = new Map([...times].filter(([, time]) => time > LITTLE))
  const bytesOf = (variant: VariantShape) => one.memory[variant.index]!
  const fits = (bin: Bin, variant: VariantShape) =>
    !bin.variants.has(variant) && bin.variants.size < one.given.maxVariants &&
    bytesOf(variant) <= bin.bytesLeft
  const put = (bin: Bin, variant: VariantShape) => {
    bin.variants.add(variant)
    bin.bytesLeft -= bytesOf(variant)
    const time = Math.min(bin.timeLeft, left.get(variant) ?? 0)
    bin.timeLeft -= time
    const rest = (left.get(variant) ?? 0) - time
    if (rest > LITTLE) left.set(variant, rest)
    else left.delete(variant)
  }
  const weights: Record<Packing, (variant: VariantShape) => number> = {
    time: (variant) => left.get(variant) ?? 0,
    memory: (variant) => bytesOf(variant) + 1e-9 * (left.get(variant) ?? 0),
    density: (variant) => (left.get(variant) ?? 0) / (bytesOf(variant) + 1),
  }
  const weigh = weights[packing]
  const heaviest = (candidates: VariantShape[]) =>
    candidates.reduce<VariantShape | undefined>(
      (best, variant) => best === undefined || weigh(variant) > weigh(best) ? variant : best,
      undefined,
    )
  while (bins.length < slots && left.size > 0) {
    const bin: Bin = { variants: new Set(), timeLeft: 1, bytesLeft: one.given.memoryBytes }
    bins.push(bin)
    while (bin.timeLeft > LITTLE) {
      const next = heaviest([...left.keys()].filter((variant) => fits(bin, variant)))
      if (next === undefined) break
      put(bin, next)
    }
  }
  while (bins.length < slots) {
    bins.push({ variants: new Set(), timeLeft: 1, bytesLeft: one.given.memoryBytes })
  }
  const missing = [...left.keys()].sort((a, b) => left.get(b)! - left.get(a)! || a.index - b.index)
  const wanted = [...missing, ...order.filter((variant) => !left.has(variant))]
  // The emptiest first, so that what is missing lands where time is left.
  for (const bin of [...bins].sort((a, b) => b.timeLeft - a.timeLeft)) {
    for (const variant of wanted) if (fits(bin, variant)) put(bin, variant)
  }
  return merge(bins.map(({ variants }) => ({ variants: [...variants], slots: 1 })))
}

/** Sets that are the same become one, with their slots together; in the order of first mention. */
export function merge(sets: readonly HeldSet[]): HeldSet[] {
  const merged = new Map<string, HeldSet>()
  for (const { variants, slots } of sets) {
    const sorted = [...variants].sort((a, b) => a.index - b.index)
    const key = sorted.map(({ index }) => index).join(' ')
    const same = merged.get(key)
    if (same !== undefined) same.slots += slots
    else if (slots > 0) merged.set(key, { variants: sorted, slots })
  }
  return [...merged.values()]
}

/** Of a class it is the same for every set that is filled up. */
const orderMemo = new WeakMap<ClassShape, readonly VariantShape[]>()

/**
 * What else is worth having in memory: the quickest of every task first, then the best of every task,
 * then whichever gains most between those before it. So demand that rises, or a queue, lowers
 * accuracy by small steps.
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

/** How much more accurate it is than going now one way, now another, at the same cost. */
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
