/**
 * From an answer of the program to the sets of variants that slots hold. If a slot has memory for some
 * variants, the program first divides slot time as if nothing had to be packed. The packed sets, and sets
 * that let a slot serve whole pipelines, are then candidates for which the program counts slots.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import { type ClassShape, type Compiled, isWhole, type Kind } from './compile.ts'
import { place } from './params.ts'
import type { Program } from './program.ts'
import { filled, fillOrder, type HeldSet, merge } from './sets.ts'

/** For each class, one kind with all able variants: time is divided as if nothing had to be packed. */
export const openKinds = ({ classes }: Compiled): Kind[] =>
  classes.filter(({ slots, able }) => slots > 0 && able.length > 0)
    .map((one) => ({ class: one, variants: one.able, slots: one.slots }))

/** Whether the sets of a kind are still to be found. */
export const isUnpacked = ({ class: one, variants }: Kind): boolean =>
  one.holds === 'some' && variants.length === one.able.length

/** Sets for an answer of the program. */
export const packed = (program: Program, values: readonly number[]): Kind[] =>
  program.kinds.flatMap((kind, k): Kind[] => {
    const one = kind.class
    const own = program.shares.filter((share) => share.kind === k)
    if (isWhole(kind)) {
      return own.filter(({ column }) => values[column]! > 0.5)
        .map(({ column, variant, allowance }) => ({
          ...kind,
          variants: [variant],
          slots: Math.round(values[column]!),
          allowance,
        }))
    }
    const awake = program.awakeColumns[k]!
    const slots = awake < 0 ? kind.slots : Math.round(values[awake]!)
    // The variants are given; only the number of awake slots was open.
    if (!isUnpacked(kind)) {
      return slots > 0 ? [{ class: one, variants: kind.variants, slots }] : []
    }
    const times = new Map<VariantShape, number>()
    for (const { variant, column } of own) {
      times.set(variant, (times.get(variant) ?? 0) + values[column]!)
    }
    return pack(one, times, slots).map((set) => ({ class: one, ...set }))
  })

/** A slot being packed. */
interface Bin {
  variants: Set<VariantShape>
  timeLeft: number
  bytesLeft: number
}

/**
 * Packs `times` (in slots) into `slots` slots within memory, then fills the remaining memory: with
 * variants that did not fit yet, then with others. Time that did not fit is not lost: a slot with several
 * variants can divide its time among them freely.
 */
function pack(
  one: ClassShape,
  times: ReadonlyMap<VariantShape, number>,
  slots: number,
): HeldSet[] {
  const left = new Map([...times].filter(([, time]) => time > 1e-6))
  const bytesOf = (variant: VariantShape) => one.memory[variant.index]!
  const fits = ({ variants, bytesLeft }: Bin, variant: VariantShape) =>
    !variants.has(variant) && bytesOf(variant) <= bytesLeft
  const put = (bin: Bin, variant: VariantShape) => {
    bin.variants.add(variant)
    bin.bytesLeft -= bytesOf(variant)
    const time = Math.min(bin.timeLeft, left.get(variant) ?? 0)
    bin.timeLeft -= time
    const rest = (left.get(variant) ?? 0) - time
    if (rest > 1e-6) left.set(variant, rest)
    else left.delete(variant)
  }
  const bins = Array.from({ length: slots }, (): Bin => (
    { variants: new Set(), timeLeft: 1, bytesLeft: one.given.memoryBytes }
  ))
  for (const bin of bins) {
    while (bin.timeLeft > 1e-6) {
      const fitting = [...left.keys()].filter((variant) => fits(bin, variant))
      if (fitting.length === 0) break
      put(bin, fitting.reduce((most, next) => left.get(next)! > left.get(most)! ? next : most))
    }
  }
  const missing = [...left.keys()].sort((a, b) => left.get(b)! - left.get(a)! || a.index - b.index)
  const wanted = [...missing, ...fillOrder(one).filter((variant) => !left.has(variant))]
  // The slots with most time left come first, for the variants that did not fit.
  for (const bin of [...bins].sort((a, b) => b.timeLeft - a.timeLeft)) {
    for (const variant of wanted) if (fits(bin, variant)) put(bin, variant)
  }
  return merge(bins.map(({ variants }) => ({ variants: [...variants], slots: 1 })))
}

/** The kinds, with each unpacked one replaced by candidate sets whose slot counts are open. */
export function withCandidates(
  { compiled, kinds, flows, flowColumns }: Program,
  values: readonly number[],
  packed: readonly Kind[],
): Kind[] {
  const shares = compiled.shapes.variants.map(() => 0)
  flows.flows.forEach(({ steps }, f) => {
    for (const { variant } of steps) shares[variant.index]! += values[flowColumns[f]!]!
  })
  return kinds.flatMap((kind): Kind[] => {
    if (!isUnpacked(kind)) return [kind]
    const one = kind.class
    const seen = packed.filter((set) => set.class === one)
    const sets = [...wholePipelines(compiled, one, shares), ...seen.map(({ variants }) => variants)]
    return merge(sets.map((variants) => ({ variants: filled(one, variants), slots: 1 })))
      .slice(0, place.candidates)
      .map(({ variants }) => ({ class: one, variants, slots: kind.slots, open: true }))
  })
}

/**
 * For each pipeline, the most used variant of every task, then those of other pipelines. If a slot has no
 * room for the whole pipeline, it is divided into as many sets as needed.
 */
function wholePipelines(
  { shapes }: Compiled,
  one: ClassShape,
  shares: readonly number[],
): VariantShape[][] {
  const sorted = one.able.toSorted((a, b) =>
    shares[b.index]! - shares[a.index]! || a.index - b.index
  )
  const chosen = sorted.filter((v) => sorted.find((other) => other.task === v.task) === v)
  return [...shapes.pipelines.keys()].flatMap((name) => {
    const others = chosen.filter(({ ref }) => ref.pipeline !== name)
    return inRoom(one, chosen.filter(({ ref }) => ref.pipeline === name))
      .map((part) => [...part, ...others])
  })
}

/** Divides variants in order into parts that a slot has room for. */
function inRoom({ given, memory }: ClassShape, variants: readonly VariantShape[]) {
  const parts: VariantShape[][] = [[]]
  let bytes = 0
  for (const variant of variants) {
    const part = parts.at(-1)!
    bytes += memory[variant.index]!
    if (part.length > 0 && bytes > given.memoryBytes) {
      parts.push([variant])
      bytes = memory[variant.index]!
    } else part.push(variant)
  }
  return parts
}
