/**
 * How slow each node of a class is, where they are not all alike.
 *
 * @module
 */
import { createRandom, lognormal, seedFor } from './random.ts'
import { nodeName, type Scenario } from './scenario.ts'

/** Times that a batch takes on this node what it takes in its class, of which the mean is 1. */
export const slownessOf = (
  { classes, seed }: Pick<Scenario, 'classes' | 'seed'>,
  className: string,
  node: string,
): number => lognormal(createRandom(seedFor(seed, `speed ${node}`)), classes[className]!.speedCv)

/** Of all nodes of a class; one 1 where they are alike. */
export function slownessesOf(scenario: Scenario, className: string): number[] {
  if (scenario.classes[className]!.speedCv === 0) return [1]
  const count = scenario.pool.filter((row) => row.class === className)
    .reduce((sum, row) => sum + row.count, 0)
  return Array.from(
    { length: count },
    (_, i) => slownessOf(scenario, className, nodeName(className, i)),
  )
}
