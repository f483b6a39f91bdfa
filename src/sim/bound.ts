/**
 * The fluid bound: the best mean accuracy that a pool could have, were work a fluid.
 *
 * A linear program for each rate at which queries are served: how much of each node's time goes to
 * which variant, and which share of the queries goes which way, so that all are served and their mean
 * accuracy is the highest; where not all can be served, as many as can, and then the most accuracy
 * for those. A variant runs at the batch size with the best throughput among those that leave time
 * for the quickest rest of the pipeline within the SLO. Nothing is loaded, no node is away, nodes are
 * divided at will: what any placement, with one variant on a node or all, can at most come near to.
 * Where demand changes work waits, within deadlines, as serves all best. It takes no account of
 * policies that give queries with few items better variants, or drop those with many. Several
 * pipelines share the pool as is best for the mean over all queries.
 *
 * @module
 */
import { solve } from 'yalps'
import { fanOutOf, taskOf, variantOf } from '../pipeline/tree.ts'
import { noneOf } from './random.ts'
import type { Scenario, Workload } from './scenario.ts'
import { mostSlotsWorth, throughputs } from './bound_throughput.ts'
import { pathAccuracyOf } from '../pipeline/accuracy.ts'
import { type Bound, known, overTime } from './bound_time.ts'
import { evened } from './evened.ts'

export type { Bound }

export interface BoundOptions {
  wholeNodes?: boolean
}

interface Column {
  name: string
  coefficients: [string, number][]
}

const EXACT = { maxPivots: 20_000, precision: 1e-9 }
/** Served shares are compared with so much slack. */
const SLACK = 1e-7

/**
 * Of all traces of a scenario together: the bounds of their demand, weighted by it.
 *
 * Work waits where deadlines let it, each pipeline's by itself ({@linkcode evened}), unless that
 * brings less than none waiting, as it may where pipelines have their peaks at different times; and
 * none does where nodes are whole, which have the variants of each bin.
 *
 * @throws RangeError for traces whose bins are not equally long
 */
export function fluidBound(
  scenario: Scenario,
  options: BoundOptions = {},
): Bound & { bins: Bound[] } {
  const traces = scenario.workloads.map(({ trace }) => trace)
  const lengths = new Set(traces.map(({ binSeconds }) => binSeconds))
  if (lengths.size > 1) {
    throw new RangeError(
      `Cannot bound traces with bins of ${[...lengths].join(' and ')} s: give one length`,
    )
  }
  const bound = known(boundOf(scenario, options))
  const atOnce = overTime(traces, traces.map((trace) => evened(trace, 0)), bound)
  if (options.wholeNodes) return atOnce
  const waiting = scenario.workloads.map(({ trace, pipeline }) =>
    evened(trace, pipeline.sloMs / 1000)
  )
  const even = overTime(traces, waiting, bound)
  const served = even.served - atOnce.served
  return served > SLACK || served > -SLACK && even.accuracy >= atOnce.accuracy ? even : atOnce
}

export interface BoundOf {
  /** The bound for queries per second, of each pipeline in turn. */
  (...ratesPerS: number[]): Bound
  /** The share alone that can be served: one program, and the simplest. */
  served(...ratesPerS: number[]): number
}

export function boundOf(
  scenario: Scenario,
  { wholeNodes = false }: BoundOptions = {},
): BoundOf {
  const { workloads, pool } = scenario
  const speeds = throughputs(scenario)
  const flows = workloads.map((one, w) => flowColumns(one, w, scenario.fanOutSpread))
  const classes = new Map<string, number>()
  for (const { class: name, count } of pool) {
    classes.set(name, (classes.get(name) ?? 0) + count * mostSlotsWorth(scenario.classes[name]!))
  }

  const mostServed = (rates: number[]) => Math.max(0, best(undefined, 'served', rates))

  function bound(...ratesPerS: number[]): Bound {
    // Of nobody asking, what one alone would have.
    const rates = sumOf(ratesPerS) > 0 ? ratesPerS : workloads.map(() => 1e-6)
    const accuracy = best(1, 'score', rates)
    if (!Number.isNaN(accuracy)) return { served: 1, accuracy }
    const served = mostServed(rates)
    if (!(served > SLACK)) return { served: 0, accuracy: 0 }
    return { served, accuracy: best(served - SLACK, 'score', rates) / served }
  }

  return Object.assign(bound, { served: (...ratesPerS: number[]) => mostServed(ratesPerS) })

  /** The most of `objective`; NaN where it cannot be. Work is in nodes, flow in shares of all. */
  function best(served: number | undefined, objective: string, ratesPerS: number[]): number {
    const ratePerS = sumOf(ratesPerS)
    const work = speeds.map(({ workload, key, class: name, perS }) => ({
      name: `work ${workload} ${key} ${name}`,
      coefficients: [[`${workload} ${key}`, -perS / ratePerS], [`class ${name}`, 1]] as [
        string,
        number,
      ][],
    }))
    const { result, status } = solve({
      direction: 'maximize',
      objective,
      constraints: [
        ...flows.flatMap(({ rows }) => rows.map((row) => [row, { equal: 0 }] as const)),
        ...flows.flatMap(({ tasks }) => tasks.map((key) => [key, { max: 0 }] as const)),
        ...[...classes].map(([name, count]) => [`class ${name}`, { max: count }] as const),
        ...ratesPerS.map((rate, w) => [`served ${w}`, { max: rate / ratePerS }] as const),
        ['served', served === undefined ? { max: 1 } : { min: served, max: 1 }] as const,
      ],
      variables: [...flows.flatMap(({ columns }) => columns), ...work]
        .map(({ name, coefficients }) => [name, coefficients] as const),
      ...wholeNodes ? { integers: work.map(({ name }) => name) } : {},
    }, EXACT)
    return status === 'optimal' ? result : NaN
  }
}

const sumOf = (rates: readonly number[]) => rates.reduce((sum, rate) => sum + rate, 0)

/** What comes to a task by one beginning of a path. */
interface Come {
  /** The row that its flow is taken from. */
  into: readonly string[]
  /** Of this task for each query. */
  items: number
  /** Share of the query's accuracy that is counted in this branch, and of that before this task. */
  share: number
  ended: number
  /** Chance that no other branch comes to a leaf. */
  alone: number
  /** Chance that all items come to nothing, each by itself with so much of a chance. */
  nothing(each: number): number
  /** Best accuracy at which items ended before, the first task's apart. */
  endedAt: number
}

/** What comes of one item in a branch. */
interface Below {
  /** Items of the child task, in the mean. */
  mean: number
  /** Chance of no leaf item, at the most, and so many in the mean. */
  barren: number
  leaves: number
}

/**
 * Flow of queries on every beginning of a path: what comes to a variant is what goes on from it to
 * each child task. Accuracy counts at leaf items, or, where a query has none, where its items ended.
 */
function flowColumns({ pipeline }: Workload, workload: number, spread: number) {
  const columns: Column[] = []
  const rows: string[] = []
  const accuracy = pathAccuracyOf(pipeline)
  const variantsOf = (task: string) => Object.keys(taskOf(pipeline, task).variants)

  /** By branch. */
  function below(task: string, variant: string): Below[] {
    const { next } = taskOf(pipeline, task)
    return next.map((child) => {
      const mean = fanOutOf(variantOf(pipeline, task, variant), child)
      const after = variantsOf(child).map((one) => below(child, one))
      const barren = after.map((one) =>
        one.reduce((chance, { barren }) => chance * barren, +(one.length > 0))
      )
      const leaves = after.map((one) =>
        one.length === 0 ? 1 : sumOf(one.map(({ leaves }) => leaves))
      )
      return {
        mean,
        // The more end without a leaf, the surer is the accuracy of what comes before.
        barren: noneOf(mean, spread, Math.max(...barren)),
        leaves: mean * sumOf(leaves) / leaves.length,
      }
    })
  }

  function add(tasks: string[], variants: string[], come: Come): void {
    const task = tasks.at(-1)!
    const variant = variants.at(-1)!
    const name = `${workload} ${variants.join(' > ')} @ ${tasks.join(' > ')}`
    const { next } = taskOf(pipeline, task)
    const own = accuracy(tasks, variants)
    const coefficients: [string, number][] = come.into.map((row) => [row, 1])
    coefficients.push([`${workload} ${task}/${variant}`, come.items])
    columns.push({ name, coefficients })
    if (next.length === 0) {
      coefficients.push(['score', (come.share - come.ended) * own])
      return
    }
    const branches = below(task, variant)
    const all = sumOf(branches.map(({ leaves }) => leaves))
    const endedAt = tasks.length > 1 ? Math.max(own, come.endedAt) : 0
    let ended = -come.ended
    next.forEach((child, i) => {
      const on = `${name} to ${child}`
      rows.push(on)
      coefficients.push([on, -1])
      const { mean, leaves } = branches[i]!
      const share = come.share * (all > 0 ? leaves / all : 1 / next.length)
      const alone = branches.reduce(
        (chance, { barren }, other) => other === i ? chance : chance * barren,
        come.alone,
      )
      const nothing = (each: number) => come.nothing(noneOf(mean, spread, each))
      const onward: Come = {
        into: [on],
        items: come.items * mean,
        share,
        alone,
        nothing,
        endedAt,
        ended: share * alone * nothing(0),
      }
      ended += onward.ended
      for (const one of variantsOf(child)) add([...tasks, child], [...variants, one], onward)
    })
    // A query whose items ended at several tasks has the mean of them.
    coefficients.push(['score', ended * (tasks.length > 1 ? endedAt : own)])
  }

  const start: Come = {
    into: ['served', `served ${workload}`],
    items: 1,
    share: 1,
    ended: 0,
    alone: 1,
    nothing: (each) => each,
    endedAt: 0,
  }
  for (const variant of variantsOf(pipeline.root)) add([pipeline.root], [variant], start)
  const tasks = Object.keys(pipeline.tasks).flatMap((task) =>
    variantsOf(task).map((variant) => `${workload} ${task}/${variant}`)
  )
  return { columns, rows, tasks }
}
