/**
 * What nodes say of their speed, where a scenario wants it to differ from what they do.
 *
 * @module
 */
import type { LatencyPoint } from '../policy/core/types.ts'
import { latencyOf } from './latency.ts'
import { createRandom, seedFor } from './random.ts'
import { pointsOf, type Scenario } from './scenario.ts'

/** @returns the points that a node of the class reports of a variant, for those that are true */
export function toldOf(
  scenario: Pick<Scenario, 'classes' | 'pool' | 'told' | 'seed'>,
  name: string,
): (task: string, variant: string, points: LatencyPoint[]) => LatencyPoint[] {
  const { classes, pool, told, seed } = scenario
  if (told === undefined) return (_task, _variant, points) => points
  const { bias, spread, mean, largest = Infinity } = told

  /** As many batches a second as the nodes that can run it do in the mean. */
  function meanMs(task: string, variant: string, batch: number): number {
    let nodes = 0
    let perMs = 0
    for (const { class: one, count } of pool) {
      const points = pointsOf(classes[one]!, task, variant)
      if (points === undefined) continue
      nodes += count
      perMs += count / latencyOf(points)(batch)
    }
    return nodes / perMs
  }

  return (task, variant, points) => {
    const lot = createRandom(seedFor(seed, `told ${name} ${task}/${variant}`))()
    const factor = bias * (lot < 0.5 ? 1 - spread : 1 + spread)
    return points.filter(({ batch }) => batch <= largest).map(({ batch, latencyMs }) => ({
      batch,
      latencyMs: factor * (mean === undefined ? latencyMs : meanMs(task, variant, batch)),
    }))
  }
}
