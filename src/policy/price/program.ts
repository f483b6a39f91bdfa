/**
 * The fluid program: which variants would do the demand's work on which groups at given prices of group
 * time. A query takes the path of highest value. Paths whose values are within `tau` share it, so that
 * flows are a smooth function of prices.
 *
 * @module
 */
import type { Prefix, Shapes, TaskShape } from '../core/graph.ts'
import { endShare, leafShares } from './handed_on.ts'
import { price } from './params.ts'
import type { Problem, Service } from './problem.ts'

/** A variant on a group: slot ms per item. */
export interface Use {
  group: number
  costMs: number
  /** Accuracy charged for being farther away than the nearest group. */
  away: number
}

export interface Flows {
  /** By group index: slots' worth of work. */
  load: number[]
  /** By variant index and position among its uses: items per second. */
  itemsPerS: number[][]
  /** Share of all queries that are served, and their mean accuracy. */
  served: number
  accuracy: number
  /** By position of the demand: share served, mean accuracy of that, and share of queries by prefix id. */
  byDemand: { served: number; accuracy: number; flow: number[] }[]
}

/** A prefix in the form that both passes read. */
interface Node {
  id: number
  variant: number
  accuracy: number
  /** For each child task: its nodes, items per item, and share of the leaf items. */
  branches: { nodes: Node[]; items: number; weight: number }[]
  /** Share of the query's accuracy that is counted here. */
  ends: number
  /** Value found by the last upward pass. */
  value: number
}

export class FluidProgram {
  /** By variant index. */
  readonly uses: Use[][]
  /** By variant index: whether some group runs it within the time that the pipeline's SLO leaves. */
  private readonly isQuick: boolean[]
  /** Price of an item by variant, and shares of its uses, as of the last evaluation. */
  readonly itemPrice: number[] = []
  readonly useShares: number[][] = []
  /** Width within which values share the flow, in accuracy. */
  tau = price.alike
  /** The dual without its linear part: total gain of all queries. */
  gain = 0
  readonly load: number[]
  private readonly roots: Node[][]

  constructor(private readonly shapes: Shapes, readonly problem: Problem) {
    const { uses, isQuick } = usesOf(shapes, problem)
    this.uses = uses
    this.isQuick = isQuick
    this.load = problem.groups.map(() => 0)
    for (const { index } of shapes.variants) this.useShares[index] = []
    const sharesOf = leafShares(problem)
    const [quick, all] = [true, false].map((quick) =>
      new Map(
        [...shapes.pipelines.values()].map((shape) =>
          [shape, this.nodesOf(shape.starts, 1, sharesOf, quick)] as const
        ),
      )
    )
    this.roots = problem.demands.map(({ shape, level }) => {
      const floor = level > 0 ? shape.levels[level]! - 1e-9 : 0
      return (keeps(quick!.get(shape)!, floor) ? quick : all)!.get(shape)!
    })
  }

  /** @param quick leaves out variants too slow for the SLO */
  private nodesOf(
    prefixes: readonly Prefix[],
    weight: number,
    sharesOf: (p: Prefix) => number[],
    quick: boolean,
  ): Node[] {
    return prefixes
      .filter(({ variant: { index } }) => this.uses[index]!.length > 0)
      .filter(({ variant: { index } }) => !quick || this.isQuick[index])
      .map((prefix) => this.nodeOf(prefix, weight, sharesOf, quick))
  }

  private nodeOf(
    prefix: Prefix,
    weight: number,
    sharesOf: (p: Prefix) => number[],
    quick: boolean,
  ): Node {
    const { id, variant: { index }, accuracy, next } = prefix
    const ends = weight * endShare(prefix, this.problem)
    const parts = next.length === 0 ? [] : sharesOf(prefix)
    return {
      id,
      variant: index,
      accuracy,
      ends,
      value: 0,
      branches: next.map((branch, child) => ({
        items: this.problem.fanOut[index]![child] ?? 1,
        weight: parts[child]!,
        nodes: this.nodesOf(branch, (weight - ends) * parts[child]!, sharesOf, quick),
      })),
    }
  }

  /** Loads and gain when a ms of group g costs exp(logs[g]) and the demand is `scale` times the given one. */
  evaluate(logs: readonly number[], scale: number, into?: Flows): void {
    const { load, problem } = this
    load.fill(0)
    this.gain = 0
    this.priceItems(logs)
    for (let d = 0; d < problem.demands.length; d++) {
      const { ratePerS } = problem.demands[d]!
      if (ratePerS > 0) this.serve(d, ratePerS * scale, into)
    }
  }

  /** Price of an item: soft minimum over its uses. */
  private priceItems(logs: readonly number[]): void {
    const { uses, itemPrice, useShares } = this
    for (let v = 0; v < uses.length; v++) {
      const own = uses[v]
      if (own === undefined || own.length === 0) {
        itemPrice[v] = Infinity
        continue
      }
      const shares = useShares[v]!
      if (own.length === 1) {
        itemPrice[v] = Math.exp(logs[own[0]!.group]!) * own[0]!.costMs + own[0]!.away
        shares[0] = 1
        continue
      }
      let least = Infinity
      for (let i = 0; i < own.length; i++) {
        const { group, costMs, away } = own[i]!
        least = Math.min(least, shares[i] = Math.exp(logs[group]!) * costMs + away)
      }
      const width = Math.max(price.alikeGroup * least, price.alikeItem)
      let sum = 0
      for (let i = 0; i < own.length; i++) sum += shares[i] = Math.exp((least - shares[i]!) / width)
      for (let i = 0; i < own.length; i++) shares[i]! /= sum
      itemPrice[v] = least - width * Math.log(sum)
    }
  }

  private serve(d: number, ratePerS: number, into: Flows | undefined): void {
    const { shape, level } = this.problem.demands[d]!
    const roots = this.roots[d]!
    const weight = shape.pipeline.weight ?? 1
    const floor = level > 0 ? shape.levels[level]! - 1e-9 : 0
    const worth = price.served * weight + this.valueOf(roots, 1, floor)
    const width = price.served * price.servedWidth
    const served = 1 / (1 + Math.exp(-worth / width))
    this.gain += ratePerS / 1000 *
      (worth > 30 * width ? worth : width * Math.log1p(Math.exp(worth / width)))
    const own = into?.byDemand[d]
    if (own !== undefined) own.served = served
    if (!(served > 1e-9)) return
    this.flow(roots, ratePerS * served, 1, into, own, 1 / ratePerS)
    if (own !== undefined) own.accuracy /= served
  }

  /** Soft maximum of the values of these nodes; -Infinity if no slot serves one. */
  private valueOf(nodes: readonly Node[], items: number, floor: number): number {
    let most = -Infinity
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!
      const { branches } = node
      let value = node.ends * node.accuracy - items * this.itemPrice[node.variant]!
      if (branches.length === 0 && node.accuracy < floor) value = -Infinity
      for (let b = 0; b < branches.length && value > -Infinity; b++) {
        value += this.valueOf(branches[b]!.nodes, items * branches[b]!.items, floor)
      }
      node.value = value
      if (value > most) most = value
    }
    if (most === -Infinity) return most
    let sum = 0
    for (let i = 0; i < nodes.length; i++) sum += Math.exp((nodes[i]!.value - most) / this.tau)
    return most + this.tau * Math.log(sum)
  }

  private flow(
    nodes: readonly Node[],
    queriesPerS: number,
    items: number,
    into: Flows | undefined,
    own: Flows['byDemand'][number] | undefined,
    share: number,
  ): void {
    let most = -Infinity
    for (let i = 0; i < nodes.length; i++) most = Math.max(most, nodes[i]!.value)
    if (most === -Infinity) return
    let sum = 0
    for (let i = 0; i < nodes.length; i++) sum += Math.exp((nodes[i]!.value - most) / this.tau)
    for (let i = 0; i < nodes.length; i++) {
      const { value, variant, branches, ends, accuracy, id } = nodes[i]!
      const part = Math.exp((value - most) / this.tau) / sum
      if (part < 1e-7) continue
      const perS = queriesPerS * part * items
      const uses = this.uses[variant]!
      const shares = this.useShares[variant]!
      for (let u = 0; u < uses.length; u++) {
        this.load[uses[u]!.group]! += perS * shares[u]! * uses[u]!.costMs / 1000
        if (into !== undefined) into.itemsPerS[variant]![u]! += perS * shares[u]!
      }
      if (own !== undefined) {
        own.accuracy += queriesPerS * part * share * ends * accuracy
        own.flow[id] = (own.flow[id] ?? 0) + queriesPerS * part * share
      }
      for (let b = 0; b < branches.length; b++) {
        const { nodes: next, items: more } = branches[b]!
        this.flow(next, queriesPerS * part, items * more, into, own, share)
      }
    }
  }

  flowsAt(logs: readonly number[]): Flows {
    const flows: Flows = {
      load: [],
      served: 1,
      accuracy: 0,
      itemsPerS: this.uses.map((own) => (own ?? []).map(() => 0)),
      byDemand: this.problem.demands.map(() => ({ served: 1, accuracy: 0, flow: [] })),
    }
    this.evaluate(logs, 1, flows)
    flows.load = [...this.load]
    let total = 0
    let served = 0
    this.problem.demands.forEach(({ ratePerS }, d) => {
      const own = flows.byDemand[d]!
      total += ratePerS
      served += ratePerS * own.served
      flows.accuracy += ratePerS * own.served * own.accuracy
    })
    flows.accuracy /= Math.max(served, 1e-12)
    flows.served = total > 0 ? served / total : 1
    return flows
  }
}

/** Whether some path through these nodes keeps a minimum accuracy. */
const keeps = (nodes: readonly Node[], floor: number): boolean =>
  nodes.some(({ branches, accuracy }) =>
    branches.length === 0 ? accuracy >= floor : branches.every(({ nodes }) => keeps(nodes, floor))
  )

/**
 * Uses of each variant. A variant that some group runs in time, given the quickest chain of the other
 * tasks, uses the groups that are quick enough. A variant that no group runs in time uses every group:
 * a query with more time than the SLO may want it.
 */
function usesOf(shapes: Shapes, { services, duties }: Problem) {
  const uses: Use[][] = services.map(() => [])
  const isQuick = services.map(() => false)
  const aloneOf = (v: number) =>
    services[v]!.reduce((least, { aloneMs }) => Math.min(least, aloneMs), Infinity)
  const quickest = ({ variants }: TaskShape) =>
    variants.reduce((least, { index }) => Math.min(least, aloneOf(index)), Infinity)
  const after = ({ next }: TaskShape): number =>
    next.reduce((most, task) => Math.max(most, quickest(task) + after(task)), 0)
  const visit = (task: TaskShape, beforeMs: number) => {
    const leftMs = task.pipeline.pipeline.sloMs - beforeMs - after(task)
    for (const { index } of task.variants) {
      const least = aloneOf(index)
      isQuick[index] = least <= leftMs
      const mostMs = isQuick[index] ? least + price.slowest * (leftMs - least) : Infinity
      uses[index] = services[index]!.filter(({ group, aloneMs }) =>
        duties[group]! > 0 && aloneMs <= mostMs
      ).map((one) => useOf(one, isQuick[index] ? leftMs : Infinity))
    }
    for (const next of task.next) visit(next, beforeMs + quickest(task))
  }
  for (const { root } of shapes.pipelines.values()) visit(root, 0)
  return { uses, isQuick }
}

const useOf = (
  { group, costMs, awayMs = 0 }: Service,
  leftMs: number,
) => (
  { group, costMs, away: price.away * awayMs / leftMs }
)
