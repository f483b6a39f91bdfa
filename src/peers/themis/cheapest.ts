/**
 * One way of serving for each stage, so that all together end within the SLO and cost least: a
 * dynamic program over stages and whole milliseconds, which keeps the cheapest of each.
 *
 * @module
 */
import type { Target } from '../scaler.ts'

export interface Way extends Target {
  /** Waiting for a batch to fill, and running it. */
  latencyMs: number
  cost: number
}

interface Chain {
  cost: number
  way: Way
  before?: Chain
}

/** @returns a target for each stage; undefined where no choice is quick enough */
export function cheapest(stages: readonly (readonly Way[])[], sloMs: number): Target[] | undefined {
  let best = new Map<number, Chain | undefined>([[0, undefined]])
  for (const ways of stages) {
    const next = new Map<number, Chain>()
    for (const [spentMs, before] of best) {
      for (const way of ways) {
        const atMs = spentMs + Math.ceil(way.latencyMs)
        if (atMs > sloMs) continue
        const cost = (before?.cost ?? 0) + way.cost
        const known = next.get(atMs)
        if (known !== undefined && known.cost <= cost) continue
        next.set(atMs, { cost, way, ...before === undefined ? {} : { before } })
      }
    }
    best = unbeaten(next)
  }
  const chains = [...best.values()].flatMap((chain) => chain ?? [])
  const first = chains[0]
  return first &&
    targetsOf(chains.reduce((least, chain) => chain.cost < least.cost ? chain : least, first))
}

/** Without those that another is no slower and no dearer than. */
function unbeaten(chains: Map<number, Chain>): Map<number, Chain> {
  const kept = new Map<number, Chain>()
  let least = Infinity
  for (const [atMs, chain] of [...chains].sort(([a], [b]) => a - b)) {
    if (chain.cost >= least) continue
    least = chain.cost
    kept.set(atMs, chain)
  }
  return kept
}

function targetsOf(chain: Chain): Target[] {
  const { instances, cores, batch } = chain.way
  const mine = { instances, cores, batch }
  return chain.before === undefined ? [mine] : [...targetsOf(chain.before), mine]
}
