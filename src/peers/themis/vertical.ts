/**
 * Themis's vertical solver: the instances are given, and each stage gets the fewest cores and the
 * batch with which they carry the load within the SLO. It counts cores of one instance of each stage,
 * not of all, as the artifact does. Where no number of cores is enough it takes the largest load that
 * some number carries, and adds instances of that kind to every stage for the rest.
 *
 * @module
 */
import type { Stage, Target } from '../scaler.ts'
import { cheapest, type Way } from './cheapest.ts'
import { coresIn } from './horizontal.ts'
import type { Rules } from './rules.ts'

export function vertical(
  rules: Rules,
  stages: readonly Stage[],
  sloMs: number,
  loadPerS: number,
  instances: readonly number[],
): Target[] | undefined {
  const load = Math.max(1, loadPerS)
  const needed = rules.neededFor(load)
  const ways = stages.map((stage, i) =>
    stage.cores.flatMap((cores) =>
      Array.from({ length: stage.mostBatch }, (_, at) => at + 1).flatMap((batch): Way[] => {
        if (rules.throughput(stage, batch, cores, load) * instances[i]! < needed) return []
        const latencyMs = rules.latencyMs(stage, batch, cores) + rules.fillMs(batch, load)
        return [{ instances: instances[i]!, cores, batch, latencyMs, cost: cores }]
      })
    )
  )
  const found = cheapest(ways, sloMs)
  return found !== undefined && coresIn(found) <= rules.mostCores ? found : undefined
}

/** The most whole arrivals a second, up to `upToPerS`, that these instances carry; 0: none. */
export function mostCarried(
  rules: Rules,
  stages: readonly Stage[],
  sloMs: number,
  upToPerS: number,
  instances: readonly number[],
): number {
  let carried = 0
  let beyond = Math.floor(upToPerS) + 1
  while (beyond - carried > 1) {
    const middle = (carried + beyond) >> 1
    if (vertical(rules, stages, sloMs, middle, instances) === undefined) beyond = middle
    else carried = middle
  }
  return carried
}

/**
 * Cores first, then instances for what is left.
 *
 * @returns undefined where the instances carry nothing at all within the SLO
 */
export function verticalAndMore(
  rules: Rules,
  stages: readonly Stage[],
  sloMs: number,
  loadPerS: number,
  instances: readonly number[],
): Target[] | undefined {
  const enough = vertical(rules, stages, sloMs, loadPerS, instances)
  if (enough !== undefined) return enough
  const carried = mostCarried(rules, stages, sloMs, loadPerS, instances)
  return vertical(rules, stages, sloMs, carried, instances)?.map((target, i) => {
    const throughput = rules.throughput(stages[i]!, target.batch, target.cores, loadPerS)
    const more = Math.ceil((loadPerS - carried) / throughput)
    return { ...target, instances: target.instances + more }
  })
}
