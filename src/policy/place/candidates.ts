/**
 * Sets of variants worth trying where a slot has memory for some: those that packing came up with,
 * and those that let a slot do whole pipelines. The program then counts slots for each.
 *
 * @module
 */
import type { VariantShape } from '../shape.ts'
import type { Built, Kind } from './build.ts'
import type { ClassShape, Compiled } from './compile.ts'
import { fillOrder, type HeldSet, merge } from './sets.ts'

/** Sets to try for all classes together; few, since each brings its own shares of time. */
const MOST = 36

/** Whether a kind's sets are still to be found. */
export const isUnpacked = ({ class: one, variants }: Kind): boolean =>
  one.holds === 'some' && variants.length === one.able.length

/**
 * The kinds with every unpacked one replaced by sets whose slots are open.
 *
 * @param parts also of pipelines that a slot has no room for, so that each of their tasks is in one
 */
export function withCandidates(
  { compiled, kinds, flows, flowColumns }: Built,
  values: readonly number[],
  packed: readonly (readonly Kind[])[],
  parts = false,
): Kind[] {
  const shares = compiled.shapes.variants.map(() => 0)
  flows.flows.forEach(({ steps }, f) => {
    for (const { variant } of steps) shares[variant.index]! += values[flowColumns[f]!]!
  })
  const unpacked = kinds.filter(isUnpacked).length
  const most = Math.max(3, Math.floor(MOST / Math.max(1, unpacked)))
  return kinds.flatMap((kind): Kind[] => {
    if (!isUnpacked(kind)) return [kind]
    const one = kind.class
    const seen = packed.flatMap((sets) => sets.filter((set) => set.class === one))
    const whole = wholePipelines(compiled, one, shares)
    const fill = (sets: readonly HeldSet[]) =>
      merge(sets.map((set) => ({ ...set, variants: filled(one, set.variants) })))
    const sets = fill([
      ...whole.flatMap((sets) => sets.slice(0, 1)),
      ...seen.map(({ variants, slots }) => ({ variants: [...variants], slots })),
    ])
    const rest = parts ? whole.flatMap((sets) => sets.slice(1)) : []
    return merge([...sets.slice(0, most), ...fill(rest)])
      .map(({ variants }) => ({ class: one, variants, slots: kind.slots, open: true }))
  })
}

/** As many of these as fit, in order, then as much else as fits. */
function filled(one: ClassShape, first: readonly VariantShape[]): VariantShape[] {
  const chosen: VariantShape[] = []
  let bytes = one.given.memoryBytes
  for (const variant of new Set([...first, ...fillOrder(one)])) {
    const size = one.memory[variant.index]!
    if (chosen.length >= one.given.maxVariants || size > bytes) continue
    bytes -= size
    chosen.push(variant)
  }
  return chosen
}

/**
 * For each pipeline, and all together: of every task the most used, the smallest, the quickest, the best.
 * Of one that a slot has no room for, the most used in as many sets as it takes.
 */
function wholePipelines(
  { shapes }: Compiled,
  one: ClassShape,
  shares: readonly number[],
): HeldSet[][] {
  const rate = ({ index }: VariantShape) => one.paces[index]!.at(-1)!.ratePerS
  const orders: ((a: VariantShape, b: VariantShape) => number)[] = [
    (a, b) => shares[b.index]! - shares[a.index]!,
    (a, b) => one.memory[a.index]! - one.memory[b.index]!,
    (a, b) => rate(b) - rate(a),
    (a, b) => b.accuracy - a.accuracy,
  ]
  const chosen = orders.map((order) => {
    const sorted = [...one.able].sort((a, b) => order(a, b) || a.index - b.index)
    return sorted.filter((v) => sorted.find((other) => other.task === v.task) === v)
  })
  const names = [...shapes.pipelines.keys()]
  return names.flatMap((name) =>
    chosen.map((some, order) => {
      const own = some.filter(({ ref }) => ref.pipeline === name)
      const others = some.filter(({ ref }) => ref.pipeline !== name)
      const parts = order === 0 ? inRoom(one, own) : [own]
      return parts.map((part) => ({ variants: [...part, ...others], slots: 1 }))
    })
  )
}

/** One after the other, as many together as a slot has room for. */
function inRoom({ given, memory }: ClassShape, variants: readonly VariantShape[]) {
  const parts: VariantShape[][] = [[]]
  let bytes = 0
  for (const variant of variants) {
    const part = parts.at(-1)!
    bytes += memory[variant.index]!
    if (part.length > 0 && (part.length >= given.maxVariants || bytes > given.memoryBytes)) {
      parts.push([variant])
      bytes = memory[variant.index]!
    } else part.push(variant)
  }
  return parts
}
