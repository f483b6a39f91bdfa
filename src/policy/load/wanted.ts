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
import type { Member } from './placing.ts'

export interface WantedParts {
  shapes: Shapes
  /** As of now. */
  classes(): readonly ClassReport[]
  /** What variants hand on. */
  fanOut: Pick<FanOut, 'mean' | 'none'>
  steering: Pick<Steering, 'ratesPerS'>
  isOpen: Rulings['isOpen']
}

export interface Wanted {
  /** In which order a node loads all that it is able to, as of now. */
  orderOf(member: Pick<Member, 'id' | 'order' | 'slots'>, nowMs: number): readonly VariantShape[]
}

/**
 * Planned with this share of the pool: until it is loaded more may be asked, and others may have gone.
 * Where loads take four seconds and nodes stay for thirty, 0.4 % of the queries are lost with four
 * fifths of it, and none with half; with less nodes are less accurate.
 */
const SHARE = 0.5
/** Less of a group's time than this is none. */
const LEAST = 1e-3
/** Worked out anew so often, for a node that is new sooner; in a pool of many less often. */
const LOOK_MS = 250
const EACH_MS = 0.1

export function createWanted(parts: WantedParts): Wanted {
  const { shapes, steering, isOpen } = parts
  let lookedMs = -Infinity
  let classOf = new Map<NodeId, string>()
  /** By class, the most work first. */
  let wanted = new Map<string, VariantShape[]>()

  function look(nowMs: number): void {
    lookedMs = nowMs
    const classes = parts.classes()
    classOf = new Map(classes.flatMap(({ name, nodes }) => nodes.map((id) => [id, name] as const)))
    const mix = solveFrontier(shapes, {
      ...problemOf(shapes, classes, isOpen),
      ...handedOnBy(shapes, parts.fanOut),
      ratesPerS: steering.ratesPerS(nowMs),
      aim: SHARE,
    })
    if (mix === undefined) return
    const workOf = ({ index }: VariantShape, group: number) => mix.work[index]![group]!
    wanted = new Map(classes.map(({ name }, group) => [
      name,
      shapes.variants.filter((variant) => workOf(variant, group) > LEAST)
        .sort((a, b) => workOf(b, group) - workOf(a, group)),
    ]))
  }

  return {
    orderOf({ id, order, slots }, nowMs) {
      if (slots.every(({ held }) => order.every((variant) => held.has(variant)))) return order
      const isNew = !classOf.has(id)
      const waitMs = Math.max(isNew ? 0 : LOOK_MS, EACH_MS * classOf.size)
      if (nowMs - lookedMs >= waitMs) look(nowMs)
      const own = wanted.get(classOf.get(id) ?? '') ?? []
      return startingWith(own.filter((variant) => order.includes(variant)), order)
    },
  }
}

/** As if every node held all that it is able to. */
function problemOf(
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
