/**
 * What a slot that can hold all loads first. Nodes come and go, and loads take their time: of one that
 * stays for half a minute a third is gone before it holds everything. So it begins with what it would do
 * did all nodes hold everything, and came twice as many queries as do.
 *
 * @module
 */
import type { FanOut } from '../demand/fanout.ts'
import { handedOnBy } from '../frontier/counted.ts'
import type { FrontierProblem } from '../frontier/problem.ts'
import { solveFrontier } from '../frontier/solve.ts'
import type { Steering } from '../frontier/steering.ts'
import type { ClassReport } from '../pool/class_report.ts'
import type { Rulings } from '../pool/rulings.ts'
import type { Shapes, VariantShape } from '../shape.ts'
import type { NodeId } from '../types.ts'
import { startingWith } from './load_order.ts'
import type { Member } from './member.ts'
import { load } from './params.ts'

export interface FirstLoadsParts {
  shapes: Shapes
  /** As of now. */
  classes(): readonly ClassReport[]
  /** What variants hand on. */
  fanOut: Pick<FanOut, 'mean' | 'none'>
  steering: Pick<Steering, 'ratesPerS'>
  isOpen: Rulings['isOpen']
}

export class FirstLoads {
  #parts: FirstLoadsParts
  #lookedMs = -Infinity
  #classOf = new Map<NodeId, string>()
  /** By class, the most work first. */
  #wanted = new Map<string, VariantShape[]>()

  constructor(parts: FirstLoadsParts) {
    this.#parts = parts
  }

  /** In which order a node loads all that it is able to, as of now. */
  orderOf(
    { id, order, slots }: Pick<Member, 'id' | 'order' | 'slots'>,
    nowMs: number,
  ): readonly VariantShape[] {
    if (slots.every(({ held }) => order.every((variant) => held.has(variant)))) return order
    const usualMs = this.#classOf.has(id) ? load.firstLoadsMs : 0
    const waitMs = Math.max(usualMs, load.eachMs * this.#classOf.size)
    if (nowMs - this.#lookedMs >= waitMs) this.#look(nowMs)
    const own = this.#wanted.get(this.#classOf.get(id) ?? '') ?? []
    return startingWith(own.filter((variant) => order.includes(variant)), order)
  }

  #look(nowMs: number): void {
    const { shapes, steering, fanOut, isOpen } = this.#parts
    this.#lookedMs = nowMs
    const classes = this.#parts.classes()
    this.#classOf = new Map(
      classes.flatMap(({ name, nodes }) => nodes.map((id) => [id, name] as const)),
    )
    const mix = solveFrontier(shapes, {
      ...allHeld(shapes, classes, isOpen),
      ...handedOnBy(shapes, fanOut),
      ratesPerS: steering.ratesPerS(nowMs),
      aim: load.shareForFirst,
    })
    if (mix === undefined) return
    const workOf = ({ index }: VariantShape, group: number) => mix.work[index]![group]!
    this.#wanted = new Map(classes.map(({ name }, group) => [
      name,
      shapes.variants.filter((variant) => workOf(variant, group) > load.leastWork)
        .sort((a, b) => workOf(b, group) - workOf(a, group)),
    ]))
  }
}

/** As if every node held all that it is able to. */
export function allHeld(
  { variants }: Shapes,
  classes: readonly ClassReport[],
  isOpen: Rulings['isOpen'],
): Pick<FrontierProblem, 'groups' | 'services'> {
  const rows = classes.map(({ able }) => new Map(able.map((one) => [one.variant, one])))
  return {
    groups: classes.map(({ name, slots, dutySum }) => (
      { key: name, class: name, slots, duty: dutySum }
    )),
    services: variants.map((variant) =>
      isOpen(variant)
        ? classes.flatMap(({ networkMs }, group) => {
          const row = rows[group]!.get(variant.index)
          if (row === undefined) return []
          return [{ group, costMs: row.costMs, aloneMs: row.upperMs + networkMs }]
        })
        : []
    ),
  }
}
