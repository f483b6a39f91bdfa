/**
 * Frontier problems that tests make of a few groups.
 *
 * @module
 */
import type { FrontierProblem } from '../../../src/policy/frontier/problem.ts'
import type { Shapes } from '../../../src/policy/core/graph.ts'

/** Every group holds every variant, and takes `slowness` times its reference. */
export function problemOf(
  shapes: Shapes,
  groups: { slots: number; slowness: number | number[] }[],
  ratesPerS: number[],
  aim = 1,
): FrontierProblem {
  return {
    groups: groups.map(({ slots }, g) => ({ key: `g${g}`, class: `g${g}`, slots, duty: slots })),
    services: shapes.variants.map(({ referenceMs, index }) =>
      groups.map(({ slowness }, group) => {
        const factor = typeof slowness === 'number' ? slowness : slowness[index]!
        return { group, costMs: referenceMs! * factor, aloneMs: referenceMs! * factor + 2 }
      })
    ),
    fanOut: shapes.variants.map(({ fanOut }) => fanOut),
    ratesPerS,
    aim,
  }
}
