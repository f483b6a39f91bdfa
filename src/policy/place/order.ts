/**
 * In which order slots change, where what is held does not carry the demand: each moment counts then,
 * and a pool between two plans may carry less than either. First what leaves most while it loads and
 * brings most once it is there.
 *
 * @module
 */
import type { VariantShape } from '../shape.ts'
import type { ClassShape, Compiled } from './compile.ts'
import type { Kind } from './given.ts'
import { type Counted, solveModel } from './lp.ts'
import { newModel } from './model.ts'
import { addPeak, shortOf, withPeak } from './peak.ts'
import type { PlacedMove } from './placement.ts'

/** Moves that are weighed; what comes after them waits for other plans. */
const MOST = 6
/** What has to be carried, against the demand; what falls short of it by less is carried. */
const CARRIED = 1.05
const LITTLE = 1e-3
/** Of a slot that loads so much is left. */
const LOADING = 0.5

/** Slots with each variant of a class that holds one, by its index. */
type Counts = Map<ClassShape, number[]>

export function orderOf(
  compiled: Compiled,
  held: readonly Kind[],
  wanted: readonly Kind[],
  counted: Counted,
): PlacedMove[] {
  const asked = withPeak(compiled, ({ ratePerS }) => CARRIED * ratePerS)
  const ones = compiled.classes.filter(({ holds }) => holds === 'one')
  if (held.length === 0 || ones.length === 0) return []
  if (shortOf(asked, held, counted) <= LITTLE) return []
  const others = held.filter(({ class: one }) => one.holds !== 'one')
  const worth = (counts: Counts): number => {
    const kinds = [...others, ...kindsOf(compiled, counts)]
    const model = newModel()
    addPeak({ compiled: asked, kinds, goal: { name: 'accuracy' } }, model)
    const { status, objective } = solveModel(model, counted)
    return status === 'optimal' ? objective : -Infinity
  }
  let now = countsOf(compiled, ones, held)
  let later = now
  const goal = countsOf(compiled, ones, wanted)
  const moves: PlacedMove[] = []
  while (moves.length < MOST) {
    let best: { now: Counts; later: Counts; move: PlacedMove; value: number } | undefined
    for (const one of ones) {
      const { variants } = compiled.shapes
      const has = later.get(one)!
      const shall = goal.get(one)!
      const from = variants.filter(({ index }) => has[index]! > shall[index]!)
      const to = variants.filter(({ index }) => has[index]! < shall[index]!)
      for (const a of from) {
        const during = changed(now, one, a, -LOADING)
        const lost = worth(during)
        for (const b of to) {
          const after = changed(changed(later, one, a, -1), one, b, 1)
          const value = lost + worth(after)
          if (value <= (best?.value ?? -Infinity)) continue
          const move = { class: one.given.name, from: a.ref, to: b.ref }
          best = { now: during, later: after, move, value }
        }
      }
    }
    if (best === undefined) break
    now = best.now
    later = best.later
    moves.push(best.move)
  }
  return moves
}

function countsOf(
  { shapes }: Compiled,
  ones: readonly ClassShape[],
  kinds: readonly Kind[],
): Counts {
  const counts: Counts = new Map(ones.map((one) => [one, shapes.variants.map(() => 0)]))
  for (const { class: one, variants, slots } of kinds) {
    const own = counts.get(one)
    if (own !== undefined) own[variants[0]!.index]! += slots
  }
  return counts
}

function changed(counts: Counts, one: ClassShape, { index }: VariantShape, by: number): Counts {
  const own = [...counts.get(one)!]
  own[index]! += by
  return new Map(counts).set(one, own)
}

const kindsOf = ({ shapes }: Compiled, counts: Counts): Kind[] =>
  [...counts].flatMap(([one, own]) =>
    shapes.variants.filter(({ index }) => own[index]! > 0)
      .map((variant): Kind => ({ class: one, variants: [variant], slots: own[variant.index]! }))
  )
