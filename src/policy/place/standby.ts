/**
 * Standby: slots kept warm without planned traffic, for the jump that comes before the next plan.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../shape.ts'
import type { ClassShape, Compiled } from './compile.ts'
import type { PlacedWork } from './placement.ts'
import type { Problem } from './problem.ts'
import { fillOrder, type HeldSet, merge } from './sets.ts'
import { setsOf } from './check.ts'
import type { Kind } from './given.ts'

/** For each class, `most` slots in all; what its slots hold already first, since that is warm at no cost. */
export function standbyOf(
  compiled: Compiled,
  { holding = [] }: Problem,
  kinds: readonly Kind[],
  most: number,
  work: readonly PlacedWork[],
): HeldSet[][] {
  const { classes, shapes } = compiled
  let wanted = Math.ceil(most - 1e-9)
  return classes.map((one) => {
    const used = setsOf(one, kinds)
    const spare = one.slots - used.reduce((sum, { slots }) => sum + slots, 0)
    const count = Math.min(spare, wanted)
    if (count <= 0 || one.able.length === 0) return []
    wanted -= count
    if (one.holds === 'all') return [{ variants: one.able, slots: count }]
    const sets: HeldSet[] = []
    let left = count
    for (
      const { variants, slots } of holding.filter((h) => h.class === one.given.name).flatMap(
        (h) => h.sets,
      )
    ) {
      const known = variants.map(shapes.find).filter((v): v is VariantShape =>
        v !== undefined && one.able.includes(v)
      )
      const inUse = used.find((set) => merge([set, { variants: known, slots: 1 }]).length === 1)
      const free = Math.min(left, slots - (inUse?.slots ?? 0))
      if (known.length === 0 || free <= 0) continue
      sets.push({ variants: known, slots: free })
      left -= free
    }
    return merge([...sets, ...quickSets(one, work, left)])
  })
}

/** What carries the most on so many slots of a class, should demand come: what is quickest of every task. */
export function quickSets(one: ClassShape, work: readonly PlacedWork[], count: number): HeldSet[] {
  const quick = quickestByWork(one, work)
  return merge(Array.from({ length: count }, (_, i) => ({
    variants: fill(one, quick, i),
    slots: 1,
  })))
}

/** The quickest variant of every task, the task that takes most of the pool's time first. */
function quickestByWork(one: ClassShape, work: readonly PlacedWork[]): VariantShape[] {
  const timeOf = (task: TaskShape) =>
    work.reduce(
      (sum, row) =>
        sum + (row.pipeline === task.pipeline.name && row.task === task.name ? row.slotTime : 0),
      0,
    )
  const order = fillOrder(one)
  const first = order.filter((v) => order.find((other) => other.task === v.task) === v)
  return first.sort((a, b) => timeOf(b.task) - timeOf(a.task) || a.index - b.index)
}

function fill(one: ClassShape, quick: readonly VariantShape[], turn: number): VariantShape[] {
  const turned = quick.map((_, i) => quick[(i + turn) % quick.length]!)
  let [bytes, chosen]: [number, VariantShape[]] = [one.given.memoryBytes, []]
  for (const variant of new Set([...turned, ...fillOrder(one)])) {
    const size = one.memory[variant.index]!
    if (chosen.length >= one.given.maxVariants || size > bytes) continue
    bytes -= size
    chosen = [...chosen, variant]
  }
  return chosen
}
