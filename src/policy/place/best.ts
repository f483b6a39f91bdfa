/**
 * The flows of the most accurate variants that fit the time: all that hardware scaling uses.
 *
 * @module
 */
import type { VariantShape } from '../shape.ts'
import type { Compiled } from './compile.ts'
import type { Flow, Flows } from './flow_walk.ts'

/** Null where some pipeline has no way to its leaves within its budget. */
export function bestFlows({ demands }: Compiled, flows: Flows): Flows | null {
  const from = new Map<number, Flow[][]>()
  const roots: Flow[][] = demands.map(() => [])
  for (const flow of flows.flows) {
    if (flow.from < 0) {
      roots[flow.demand]!.push(flow)
      continue
    }
    const branches = from.get(flow.from) ?? []
    from.set(flow.from, branches)
    ;(branches[flow.branch] ??= []).push(flow)
  }
  const memo = new Map<Flow, { value: number; chain: Flow[] }>()
  const worth = (flow: Flow): { value: number; chain: Flow[] } => {
    const known = memo.get(flow)
    if (known !== undefined) return known
    let [value, chain] = [flow.gain, [flow]]
    for (let branch = 0; branch < (flow.to < 0 ? 0 : flows.junctions[flow.to]!); branch++) {
      const next = bestOf(from.get(flow.to)?.[branch] ?? [])
      value += next?.value ?? -Infinity
      chain = [...chain, ...next?.chain ?? []]
    }
    memo.set(flow, { value, chain })
    return { value, chain }
  }
  const bestOf = (some: Flow[]) => {
    let best: { value: number; chain: Flow[] } | null = null
    for (const flow of some) {
      const one = worth(flow)
      if (one.value > (best?.value ?? -Infinity) + 1e-12) best = one
    }
    return best
  }
  const used = new Set<VariantShape>()
  for (const some of roots) {
    const best = bestOf(some)
    if (best === null) return null
    for (const { steps } of best.chain) for (const { variant } of steps) used.add(variant)
  }
  return {
    ...flows,
    flows: flows.flows.filter(({ steps }) => steps.every(({ variant }) => used.has(variant))),
  }
}
