/**
 * Sets of variants worth trying where a slot has memory for some: those that packing came up with,
 * and those that let a slot do whole pipelines. The program then counts slots for each.
 *
 * @module
 */
import type { VariantShape } from '../shape.ts'
import type { Built, Kind } from './build.ts'
import type { ClassShape, Compiled } from './compile.ts'
import { fillOrder, merge } from './sets.ts'

/** Sets to try for all classes together; few, since each brings its own shares of time. */
const MOST = 36

/** Whether a kind's sets are still to be found. */
export const isUnpacked = ({ class: one, variants }: Kind): boolean =>
  one.holds === 'some' && variants.length === one.able.length

/** The kinds with every unpacked one replaced by sets whose slots are open. */
export function withCandidates(
  { compiled, kinds, flows, flowColumns }: Built,
  values: readonly number[],
  packed: readonly (readonly Kind[])[],
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
    const sets = merge([
      ...wholePipelines(compiled, one, shares),
      ...seen.map(({ variants, slots }) => ({ variants: [...variants], slots })),
    ].map((set) => ({ ...set, variants: filled(one, set.variants) })))
    return sets.slice(0, most)
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

/** For each pipeline, and all together: of every task the most used, the smallest, the quickest, the best. */
function wholePipelines({ shapes }: Compiled, one: ClassShape, shares: readonly number[]) {
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
  const own = names.flatMap((name) =>
    chosen.map((some) => [
      ...some.filter(({ ref }) => ref.pipeline === name),
      ...some.filter(({ ref }) => ref.pipeline !== name),
    ])
  )
  return own.map((variants) => ({ variants, slots: 1 }))
}
