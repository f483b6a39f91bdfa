/**
 * The reserve: what slots hold that the demand does not need. They cost nothing while they rest, so
 * they hold what carries the most should demand jump: several times what there is, as accurately as
 * can be, with the awake slots together.
 *
 * @module
 */
import type { Checked } from './check.ts'
import type { ClassShape, Compiled } from './compile.ts'
import { isWhole, type Kind } from './given.ts'
import { type Counted, solveModel } from './lp.ts'
import { addColumn, addRow, newModel } from './model.ts'
import { addPeak, hasPeak, withPeak } from './peak.ts'
import type { Problem } from './problem.ts'
import { quickSets, standbyOf } from './standby.ts'
import type { VariantShape } from '../shape.ts'
import type { PlacedWork } from './placement.ts'

const BRANCHES = 60

export function reserveOf(
  compiled: Compiled,
  problem: Problem,
  { kinds, slots }: Checked,
  work: readonly PlacedWork[],
  counted: Counted,
): Kind[] {
  const { classes, options } = compiled
  const peak = hasPeak(compiled, { name: 'accuracy' })
  const standby = standbyOf(
    compiled,
    problem,
    kinds,
    peak ? Infinity : slots * options.standbyShare,
    work,
  )
  const usual = classes.map((one, c) => standby[c]!.map((set): Kind => ({ class: one, ...set })))
  const spares = classes.filter((_, c) => usual[c]!.length > 0)
    .map((one): Kind => ({
      class: one,
      variants: one.able,
      slots: spareOf(one, kinds),
      open: true,
    }))
  if (!peak || !spares.some(isWhole)) return usual.flat()
  const others = usual.flat().filter((kind) => !isWhole(kind))
  const model = newModel()
  const asked = withPeak(
    compiled,
    ({ pipeline, ratePerS }) => Math.max(pipeline.peakPerS ?? 0, options.reserve * ratePerS),
  )
  const given = { compiled: asked, goal: { name: 'accuracy' } as const }
  const whole = spares.filter(isWhole)
  const { chosen } = addPeak({ ...given, kinds: [...kinds, ...others, ...whole] }, model)
  const ours = chosen.filter(({ kind }) => kind.open === true)
  for (const { column, kind, variant } of ours) {
    const own = model.columns[column]!
    const held = kind.class.holding[variant.index]! - usedOf(kinds, kind, variant)
    const row = addRow(model, { max: Math.max(0, held) })
    own.rows.push(row)
    own.coefficients.push(1)
    addColumn(model, [[row, -1]], { objective: -options.movePrice })
  }
  const solved = solveModel(model, counted, { branches: BRANCHES })
  if (solved.status !== 'optimal' && solved.status !== 'feasible') return usual.flat()
  const found = ours.map(({ column, kind, variant }): Kind => ({
    class: kind.class,
    variants: [variant],
    slots: Math.round(solved.values[column]!),
  }))
  const reserve = found.filter(({ slots }) => slots > 0)
  const isAsked = problem.pipelines.some(({ ratePerS }) => ratePerS > options.floorPerS)
  const empty = isAsked
    ? []
    : whole.flatMap(({ class: one }) =>
      quickSets(one, work, emptyOf(one, [...kinds, ...reserve])).map((set) => ({
        class: one,
        ...set,
      }))
    )
  return [...others, ...reserve, ...empty]
}

/**
 * Slots with room for one variant that would hold none beside those that are wanted. Where nobody asks
 * several times that is nothing, and whoever begins to would wait for loads.
 */
function emptyOf(one: ClassShape, wanted: readonly Kind[]): number {
  const own = wanted.filter((kind) => kind.class === one)
  const ofWanted = own.reduce((sum, { slots }) => sum + slots, 0)
  const beside = one.able.reduce((sum, variant) => {
    const used = own.reduce((n, kind) => kind.variants[0] === variant ? n + kind.slots : n, 0)
    return sum + Math.max(0, one.holding[variant.index]! - used)
  }, 0)
  return Math.max(0, one.slots - ofWanted - beside)
}

const spareOf = (one: Kind['class'], kinds: readonly Kind[]) =>
  kinds.reduce((left, kind) => kind.class === one ? left - kind.slots : left, one.slots)

const usedOf = (kinds: readonly Kind[], { class: one }: Kind, variant: VariantShape) =>
  kinds.reduce(
    (sum, kind) => kind.class === one && kind.variants.includes(variant) ? sum + kind.slots : sum,
    0,
  )
