/**
 * Warm spares: what slots hold that the demand does not need. They cost nothing while they rest, so
 * they hold what carries the most should demand jump: several times what there is, as accurately as
 * can be, with the awake slots together.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { Checked } from './plans.ts'
import { type ClassShape, type Compiled, isWhole, type Kind } from './compile.ts'
import { solveModel } from './lp.ts'
import { addColumn, addEntry, addRow, newModel } from './model.ts'
import { workOf } from './outcome.ts'
import { place } from './params.ts'
import { addPeak, hasPeak, withPeak } from './peak.ts'
import type { PlacedWork } from './problem.ts'
import { filled, fillOrder, type HeldSet, isSame, merge, setsOf, slotsIn } from './sets.ts'

/** @param held what slots hold now, as told: slot by slot, or several with one set */
export function sparesOf(
  compiled: Compiled,
  checked: Checked,
  held: readonly Kind[],
): Kind[] {
  const { kinds, slots } = checked
  const work = workOf(checked)
  const isPeak = hasPeak(compiled)
  const usual = usualSpares(
    compiled,
    kinds,
    held,
    work,
    isPeak ? Infinity : slots * place.spareShare,
  )
  const whole = compiled.classes
    .filter((one) => one.holds === 'one' && usual.some((kind) => kind.class === one))
    .map((one): Kind => ({
      class: one,
      variants: one.able,
      slots: one.slots - slotsIn(setsOf(one, kinds)),
      open: true,
    }))
  if (!isPeak || whole.length === 0) return usual
  const others = usual.filter((kind) => !isWhole(kind))
  const reserve = reserveOf(compiled, kinds, others, whole)
  if (reserve === undefined) return usual
  const isAsked = compiled.demands.some(({ pipeline }) => pipeline.ratePerS > place.floorPerS)
  const wanted = [...kinds, ...reserve]
  const empty = isAsked
    ? []
    : whole.flatMap(({ class: one }) =>
      quickSets(one, work, emptyOf(one, wanted)).map((set) => ({ class: one, ...set }))
    )
  return [...others, ...reserve, ...empty]
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
  const { chosen } = addPeak(asked, [...kinds, ...others, ...whole], model)
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

/**
 * Slots with room for one variant that would hold none beside those that are wanted. Where nobody asks
 * several times that is nothing, and whoever begins to would wait for loads.
 */
function emptyOf(one: ClassShape, wanted: readonly Kind[]): number {
  const own = wanted.filter((kind) => kind.class === one)
  const beside = one.able.reduce((sum, variant) => {
    const used = slotsIn(own.filter((kind) => kind.variants[0] === variant))
    return sum + Math.max(0, one.holding[variant.index]! - used)
  }, 0)
  return Math.max(0, one.slots - slotsIn(own) - beside)
}

/** `most` slots in all; first what slots hold and no awake one is to, since that is warm at no cost. */
function usualSpares(
  { classes }: Compiled,
  kinds: readonly Kind[],
  held: readonly Kind[],
  work: readonly PlacedWork[],
  most: number,
): Kind[] {
  let wanted = Math.ceil(most - 1e-9)
  return classes.flatMap((one): Kind[] => {
    const used = setsOf(one, kinds)
    const count = Math.min(one.slots - slotsIn(used), wanted)
    if (count <= 0 || one.able.length === 0) return []
    wanted -= count
    if (one.holds === 'all') return [{ class: one, variants: one.able, slots: count }]
    const sets: HeldSet[] = []
    let left = count
    for (const { variants, slots } of held.filter((kind) => kind.class === one)) {
      const awake = used.find((other) => isSame(other.variants, variants))?.slots ?? 0
      const free = Math.max(0, Math.min(left, slots - awake))
      sets.push({ variants: [...variants], slots: free })
      left -= free
    }
    return merge([...sets, ...quickSets(one, work, left)]).map((set) => ({ class: one, ...set }))
  })
}

/** What carries the most on so many slots of a class, should demand come: the quickest of every task. */
function quickSets(one: ClassShape, work: readonly PlacedWork[], count: number): HeldSet[] {
  const quick = quickestByWork(one, work)
  return merge(Array.from({ length: count }, (_, turn) => ({
    variants: filled(one, quick.map((_, i) => quick[(i + turn) % quick.length]!)),
    slots: 1,
  })))
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
