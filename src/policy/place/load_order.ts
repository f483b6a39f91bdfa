/**
 * In which order a slot loads what it is to hold.
 *
 * @module
 */
import type { FanOut } from '../estimate/fanout.ts'
import { load } from './params.ts'
import type { ClassReport } from '../state/classes.ts'
import type { Rulings } from '../state/rulings.ts'
import type { Shapes, TaskShape, VariantShape } from '../core/graph.ts'
import type { NodeId } from '../core/types.ts'
import type { Demands } from '../estimate/demands.ts'
import { Market } from '../price/market.ts'
import { supplyIfAllHeld } from '../price/problem.ts'

/** The quicker by its reference; where the files give none, less accurate is taken for quicker. */
function byQuickness(a: VariantShape, b: VariantShape): number {
  if (a.referenceMs !== undefined && b.referenceMs !== undefined) {
    return a.referenceMs - b.referenceMs
  }
  return a.accuracy - b.accuracy
}

/**
 * Order of loading: the most accurate variant of every task, since whoever asks a pool that has time
 * is to have the best answer from the first; then the quickest of every task, for when much comes at
 * once; then the rest by falling accuracy.
 */
export function loadOrder(able: readonly VariantShape[]): VariantShape[] {
  const byAccuracy = (a: VariantShape, b: VariantShape) => b.accuracy - a.accuracy
  return [
    ...new Set([
      ...firstOfEachTask(able, byAccuracy),
      ...firstOfEachTask(able, byQuickness),
      ...[...able].sort(byAccuracy),
    ]),
  ]
}

function firstOfEachTask(
  variants: readonly VariantShape[],
  order: (a: VariantShape, b: VariantShape) => number,
): VariantShape[] {
  const firsts = new Map<TaskShape, VariantShape>()
  for (const variant of variants) {
    const first = firsts.get(variant.task)
    if (first === undefined || order(variant, first) < 0) firsts.set(variant.task, variant)
  }
  return [...firsts.values()]
}

/**
 * Where it is known what is wanted most: of each of those tasks that first, then the quickest, for when
 * much comes at once, then what else is wanted, then all in the order of loading.
 *
 * @param wanted some of them, the most wanted first
 */
export function startingWith(
  wanted: readonly VariantShape[],
  order: readonly VariantShape[],
): VariantShape[] {
  const first = firstOfEachTask(wanted, () => 0)
  const ofThese = first.flatMap(({ task }) => order.filter((variant) => variant.task === task))
  const quick = firstOfEachTask(ofThese, byQuickness)
  return [...new Set([...first, ...quick, ...wanted, ...order])]
}

export interface LoadOrderParts {
  shapes: Shapes
  /** As of now. */
  classes(): readonly ClassReport[]
  /** What variants hand on. */
  fanOut: Pick<FanOut, 'mean' | 'none'>
  demands: Demands
  isOpen: Rulings['isOpen']
}

/**
 * What a slot that can hold all loads first. Nodes come and go, and loads take their time: of one that
 * stays for half a minute a third is gone before it holds everything. So it begins with what it would do
 * did all nodes hold everything, and came twice as many queries as do.
 */
export class LoadOrder {
  private lookedMs = -Infinity
  private classOf = new Map<NodeId, string>()
  /** By class, the most work first. */
  private wanted = new Map<string, VariantShape[]>()

  constructor(private readonly parts: LoadOrderParts) {}

  /** In which order a node loads all that it is able to, as of now. */
  orderOf(
    { id, order, slots }: {
      id: NodeId
      order: readonly VariantShape[]
      slots: readonly { held: ReadonlySet<VariantShape> }[]
    },
    nowMs: number,
  ): readonly VariantShape[] {
    if (slots.every(({ held }) => order.every((variant) => held.has(variant)))) return order
    const usualMs = this.classOf.has(id) ? load.firstLoadsMs : 0
    const waitMs = Math.max(usualMs, load.eachMs * this.classOf.size)
    if (nowMs - this.lookedMs >= waitMs) this.look(nowMs)
    const own = this.wanted.get(this.classOf.get(id) ?? '') ?? []
    return startingWith(own.filter((variant) => order.includes(variant)), order)
  }

  private look(nowMs: number): void {
    this.lookedMs = nowMs
    const { shapes, fanOut, demands, isOpen } = this.parts
    const classes = this.parts.classes()
    this.classOf = new Map(
      classes.flatMap(({ name, nodes }) => nodes.map((id) => [id, name] as const)),
    )
    if (classes.length === 0) return
    const { plan, usesOf } = new Market(shapes, {
      ...supplyIfAllHeld(shapes, classes, isOpen, fanOut),
      demands: demands.now(nowMs),
      duties: classes.map(({ dutySum }) => load.shareForFirst * dutySum),
    })
    const workOf = ({ index }: VariantShape, group: number) =>
      usesOf(index).reduce(
        (sum, use, u) =>
          use.group === group ? sum + plan.itemsPerS[index]![u]! * use.costMs / 1000 : sum,
        0,
      )
    this.wanted = new Map(classes.map(({ name }, group) => [
      name,
      shapes.variants.filter((variant) => workOf(variant, group) > 1e-3)
        .sort((a, b) => workOf(b, group) - workOf(a, group)),
    ]))
  }
}
