/**
 * Themis's horizontal solver: instances with the same few cores, as many as the load needs, at the
 * least cost within the SLO. Themis and the horizontal baseline let each have one core.
 *
 * @module
 */
import type { Stage, Target } from '../scaler.ts'
import { cheapest, type Way } from './cheapest.ts'
import type { Rules } from './rules.ts'

/** @param coresOf what an instance may have; by default one core */
export function horizontal(
  rules: Rules,
  stages: readonly Stage[],
  sloMs: number,
  loadPerS: number,
  coresOf: (stage: Stage) => readonly number[] = () => [1],
): Target[] | undefined {
  const load = Math.max(1, loadPerS)
  const needed = rules.neededFor(load)
  const ways = stages.map((stage) =>
    coresOf(stage).flatMap((cores) => waysOf(stage, cores, needed, load, rules))
  )
  const found = cheapest(ways, sloMs)
  return found !== undefined && coresIn(found) <= rules.mostCores ? found : undefined
}

function waysOf(
  stage: Stage,
  cores: number,
  needed: number,
  load: number,
  rules: Rules,
): Way[] {
  return Array.from({ length: stage.mostBatch }, (_, i) => i + 1).flatMap((batch) => {
    const throughput = rules.throughput(stage, batch, cores, load)
    if (throughput < 1) return []
    const instances = Math.ceil(needed / throughput)
    return [{
      instances,
      cores,
      batch,
      latencyMs: rules.latencyMs(stage, batch, cores) + rules.fillMs(batch, load),
      cost: instances * rules.costOf(stage, cores),
    }]
  })
}

export const coresIn = (targets: readonly Target[]): number =>
  targets.reduce((sum, { instances, cores }) => sum + instances * cores, 0)
