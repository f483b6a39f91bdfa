/**
 * Warm spares: what slots hold that the demand does not need. They cost nothing while they rest, so
 * they hold what carries the most should demand jump: several times what there is, as accurately as
 * can be, with the awake slots together.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'
import { type ClassShape, type Compiled, isWhole, type Kind } from './compile.ts'
import { solveModel } from './lp.ts'
import { addColumn, addEntry, addRow, newModel } from './model.ts'
import { workOf } from './outcome.ts'
import { place } from './params.ts'
import { addPeak, hasPeak, withPeak } from './peak.ts'
import type { Checked } from './plans.ts'
import type { PlacedWork } from './problem.ts'
import { filled, fillOrder, type HeldSet, isSame, merge, setsOf, slotsIn } from './sets.ts'

/** @param held what slots hold now, as told: slot by slot, or several with one set */
export function sparesOf(
  compiled: Compiled,
  { kinds, ...checked }: Checked,
  held: readonly Kind[],
): Kind[] {
  const work = workOf({ kinds, ...checked })
  const free = compiled.classes.map((one): Kind => ({
    class: one,
    variants: one.able,
    slots: one.slots - slotsIn(setsOf(one, kinds)),
    open: true,
  })).filter(({ slots, variants }) => slots > 0 && variants.length > 0)
  const whole = free.filter(isWhole)
  const others = free.filter((kind) => !isWhole(kind))
    .flatMap((kind) => keptOrQuick(kind, kinds, held, work))
  const reserve = hasPeak(compiled) && whole.length > 0
    ? reserveOf(compiled, kinds, others, whole)
    : undefined
  if (reserve === undefined) {
    return [...others, ...whole.flatMap((kind) => keptOrQuick(kind, kinds, held, work))]
  }
  // A multiple of zero demand is zero, and the first queries would wait for loads.
  const isAsked = compiled.demands.some(({ pipeline }) => pipeline.ratePerS > place.floorPerS)
  const empty = isAsked
    ? []
    : whole.flatMap(({ class: one }) => quickSets(one, work, emptyOf(one, [...kinds, ...reserve])))
  return [...others, ...reserve, ...empty]
}

/** What these slots hold and no awake one is to, since that is warm at no cost; then what is quick. */
function keptOrQuick(
  { class: one, variants, slots }: Kind,
  kinds: readonly Kind[],
  held: readonly Kind[],
  work: readonly PlacedWork[],
): Kind[] {
  if (one.holds === 'all') return [{ class: one, variants, slots }]
  const used = setsOf(one, kinds)
  const sets: HeldSet[] = []
  let left = slots
  for (const set of setsOf(one, held)) {
    const awake = used.find((other) => isSame(other.variants, set.variants))?.slots ?? 0
    const kept = Math.max(0, Math.min(left, set.slots - awake))
    sets.push({ variants: set.variants, slots: kept })
    left -= kept
  }
  const kept = merge(sets).map((set) => ({ class: one, ...set }))
  return [...kept, ...quickSets(one, work, left)]
}

/** Slots of one variant that carry a jump; undefined where nothing was found. */
function reserveOf(
  compiled: Compiled,
  kinds: readonly Kind[],
  others: readonly Kind[],
  whole: readonly Kind[],
): Kind[] | undefined {
  const model = newModel()
  const asked = withPeak(
    compiled,
    ({ pipeline, ratePerS }) => Math.max(pipeline.peakPerS ?? 0, place.reserve * ratePerS),
  )
  const chosen = addPeak(asked, [...kinds, ...others, ...whole], model)
  const ours = chosen.filter(({ kind }) => kind.open === true)
  for (const { column, kind: { class: one }, variant } of ours) {
    const free = one.holding[variant.index]! - holdersOf(one, kinds, variant)
    const row = addRow(model, { max: Math.max(0, free) })
    addEntry(model, column, row, 1)
    addColumn(model, [[row, -1]], { objective: -place.movePrice })
  }
  const solved = solveModel(model, compiled.effort)
  if (solved.status !== 'optimal' && solved.status !== 'feasible') return undefined
  return ours.map(({ column, kind, variant }): Kind => ({
    class: kind.class,
    variants: [variant],
    slots: Math.round(solved.values[column]!),
  })).filter(({ slots }) => slots > 0)
}

const holdersOf = (one: ClassShape, kinds: readonly Kind[], variant: VariantShape) =>
  slotsIn(kinds.filter((kind) => kind.class === one && kind.variants.includes(variant)))

/** Slots with room for one variant that would hold none beside those that are wanted. */
function emptyOf(one: ClassShape, wanted: readonly Kind[]): number {
  const own = wanted.filter((kind) => kind.class === one)
  const beside = one.able.reduce((sum, variant) => {
    const used = slotsIn(own.filter((kind) => kind.variants[0] === variant))
    return sum + Math.max(0, one.holding[variant.index]! - used)
  }, 0)
  return Math.max(0, one.slots - slotsIn(own) - beside)
}

/** What carries the most on so many slots of a class, should demand come: the quickest of every task. */
function quickSets(one: ClassShape, work: readonly PlacedWork[], count: number): Kind[] {
  const quick = quickestByWork(one, work)
  return merge(Array.from({ length: count }, (_, turn) => ({
    variants: filled(one, quick.map((_, i) => quick[(i + turn) % quick.length]!)),
    slots: 1,
  }))).map((set) => ({ class: one, ...set }))
}

/** The quickest variant of every task, the task that takes most of the pool's time first. */
function quickestByWork(one: ClassShape, work: readonly PlacedWork[]): VariantShape[] {
  const timeOf = ({ name, pipeline }: TaskShape) =>
    work.reduce(
      (sum, row) => row.pipeline === pipeline.name && row.task === name ? sum + row.slotTime : sum,
      0,
    )
  const order = fillOrder(one)
  return order.filter((v) => order.find((other) => other.task === v.task) === v)
    .sort((a, b) => timeOf(b.task) - timeOf(a.task) || a.index - b.index)
}
