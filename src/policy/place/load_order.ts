/**
 * The order in which a slot loads its variants.
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

/** Orders by reference latency; if the file gives none, a less accurate variant counts as quicker. */
function byQuickness(a: VariantShape, b: VariantShape): number {
  if (a.referenceMs !== undefined && b.referenceMs !== undefined) {
    return a.referenceMs - b.referenceMs
  }
  return a.accuracy - b.accuracy
}

/**
 * Loading order: the most accurate variant of every task, so that the first queries of a pool with time get
 * the best answers; then the quickest of every task, for bursts; then the rest by falling accuracy.
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
 * Loading order by demand: for each task the most wanted variant, then the quickest, for bursts, then the
 * other wanted ones, then all in loading order.
 *
 * @param wanted some of the variants, the most wanted first
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
  /** The current classes. */
  classes(): readonly ClassReport[]
  fanOut: Pick<FanOut, 'mean' | 'none'>
  demands: Demands
  isOpen: Rulings['isOpen']
}

/**
 * Loading order of a slot that can hold all variants. Nodes come and go, and loads take time: of a node
 * that stays for half a minute, a third of the stay is over before it holds everything. So it begins with
 * the variants that it would run if all nodes held everything and twice the current queries came.
 */
export class LoadOrder {
  private lookedMs = -Infinity
  private classOf = new Map<NodeId, string>()
  /** By class: variants by falling work. */
  private wanted = new Map<string, VariantShape[]>()

  constructor(private readonly parts: LoadOrderParts) {}

  /** The order in which a node loads all its able variants, by current demand. */
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
