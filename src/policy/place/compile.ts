/**
 * A problem prepared for building programs: linked pipelines, and the times and rates of each class for
 * each variant.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import { endShare } from '../price/handed_on.ts'
import {
  type Prefix,
  type Shapes,
  shapesOf,
  type TaskShape,
  type VariantShape,
} from '../core/graph.ts'
import { place } from './params.ts'
import type { PlaceClass, PlacePipeline, Problem, SolveEffort } from './problem.ts'

/** One way of a class to serve a variant: a batch size. */
export interface Pace {
  batch: number
  /** Time of one batch plus network, the network without the share of it that waiting absorbs. */
  timeMs: number
  /** Items per second of one slot that only runs this, duty included. */
  ratePerS: number
}

export interface ClassShape {
  index: number
  given: PlaceClass
  slots: number
  /** By variant index; rising in time and rate. Empty if the class cannot run the variant. */
  paces: Pace[][]
  memory: number[]
  /** How much of the class's able variants one slot can hold. */
  holds: 'one' | 'some' | 'all'
  able: VariantShape[]
  /** By variant index: slots that hold the variant alone. */
  holding: number[]
}

/** Slots of one class that hold the same variants. */
export interface Kind {
  class: ClassShape
  variants: readonly VariantShape[]
  slots: number
  /** For whole slots: the allowance they work within, once decided. */
  allowance?: number
  /** Whether the program decides how many slots hold these variants; `slots` is then the maximum. */
  open?: boolean
}

/** A slot with one variant works within one allowance: its time is assigned whole. */
export const isWhole = ({ class: { holds } }: Kind): boolean => holds === 'one'

export interface Demand {
  pipeline: PlacePipeline
  /** Part of the SLO that its paths may take, in ms; 0 if no path fits. */
  budgetMs: number
  ratePerS: number
  /** Share of the total demand, 0 to 1. */
  part: number
  /** Reward for serving all of it, 0 to 1: even for tiny demand more than the accuracy of others. */
  need: number
  starts: Prefix[]
  /** Highest mean accuracy of any of its paths. */
  best: number
}

export interface Compiled {
  shapes: Shapes
  demands: Demand[]
  totalPerS: number
  classes: ClassShape[]
  slots: number
  /** Share of items that hand nothing on, by variant index, in the order of the task's `next`. */
  none: number[][]
  /** Share of the slots that may leave before others have changed. */
  atRisk: number
  /** Solver work so far, by count. */
  effort: SolveEffort
}

/**
 * @throws RangeError for a pipeline that no scheduler accepts: a name used twice, too many paths
 * @param late whether queries may take as long as the quickest path, beyond the SLO
 */
export function compile(problem: Problem, late = false): Compiled {
  const { pipelines, holding = [], atRisk = 0 } = problem
  const shapes = shapesOf(pipelines.map(pipelineOf))
  const none = shapes.variants.map(({ ref, task }) => {
    const { tasks } = pipelines.find(({ name }) => name === ref.pipeline)!
    const given = tasks[ref.task]!.variants[ref.variant]!.none
    return task.next.map(({ name }) => given?.[name] ?? 0)
  })
  const rates = pipelines.map(({ ratePerS }) =>
    Math.max(Number.isFinite(ratePerS) ? ratePerS : 0, place.floorPerS)
  )
  const totalPerS = rates.reduce((sum, rate) => sum + rate, 0)
  const classes = problem.classes.map((given, index) => classOf(given, index, shapes))
  const quickest = new Quickest({ shapes, classes })
  const demands = pipelines.map((pipeline, i): Demand => {
    const { starts, root } = shapes.pipelines.get(pipeline.name)!
    const part = rates[i]! / totalPerS
    const bests = starts.map((start) => {
      const ends = endShare(start, { none })
      return ends * start.accuracy + (1 - ends) * bestAfter(start)
    })
    return {
      pipeline,
      budgetMs: budgetOf(pipeline.sloMs, quickest.from(root), late),
      ratePerS: rates[i]!,
      part,
      need: (part + 1 / pipelines.length) / 2,
      starts,
      best: Math.max(...bests, 1e-3),
    }
  })
  for (const { class: name, sets } of holding) {
    const one = classes.find(({ given }) => given.name === name)
    for (const { variants: [ref, ...more], slots } of sets) {
      const variant = ref === undefined || more.length > 0 ? undefined : shapes.find(ref)
      if (one !== undefined && variant !== undefined) one.holding[variant.index]! += slots
    }
  }
  const slots = classes.reduce((sum, one) => sum + one.slots, 0)
  const effort = { programs: 0, columns: 0, rejected: 0, updates: 0 }
  return { shapes, demands, totalPerS, classes, slots, none, atRisk, effort }
}

/** The part of an SLO left for work; the rest is for waiting behind one batch, as in the paper. */
export const workingMs = (sloMs: number): number => sloMs * (1 - place.waiting)

/**
 * Time budget of a pipeline. If the quickest path exceeds the working time, the budget is that path's
 * duration: a query that finds idle slots is in time, and without a path the plan would hold nothing for
 * the pipeline.
 */
function budgetOf(sloMs: number, quickestMs: number, late: boolean): number {
  const isEnough = quickestMs <= sloMs || late && quickestMs < Infinity
  return isEnough ? Math.max(workingMs(sloMs), quickestMs) : 0
}

/** Quickest time for one item over all classes: `from` a task with those that follow; `after` it. */
export class Quickest {
  #fastest: number[]
  #memo = new Map<TaskShape, number>()

  constructor({ shapes, classes }: Pick<Compiled, 'shapes' | 'classes'>) {
    this.#fastest = shapes.variants.map(({ index }) =>
      Math.min(...classes.map(({ paces }) => paces[index]![0]?.timeMs ?? Infinity))
    )
  }

  after(task: TaskShape): number {
    return task.next.reduce((most, child) => Math.max(most, this.from(child)), 0)
  }

  from(task: TaskShape): number {
    let ms = this.#memo.get(task)
    if (ms === undefined) {
      const own = Math.min(...task.variants.map(({ index }) => this.#fastest[index]!))
      ms = own + this.after(task)
      this.#memo.set(task, ms)
    }
    return ms
  }
}

export const demandOf = ({ demands }: Compiled, { ref }: VariantShape): Demand =>
  demands.find(({ pipeline }) => pipeline.name === ref.pipeline)!

function pipelineOf(given: PlacePipeline): Pipeline {
  const { name, sloMs, weight, root, pathAccuracy } = given
  const tasks = Object.fromEntries(
    Object.entries(given.tasks).map(([task, { next, variants }]) => {
      const floored = Object.entries(variants).map(([variant, { accuracy, fanOut }]) => {
        const items = next.map((child) => [
          child,
          Math.max(place.leastFanOut, fanOut?.[child] ?? 1),
        ])
        return [variant, { accuracy, fanOut: Object.fromEntries(items) }]
      })
      return [task, { next, variants: Object.fromEntries(floored) }]
    }),
  )
  const paths = pathAccuracy === undefined ? {} : { pathAccuracy }
  return { schema: 'shoal-pipeline/1', name, sloMs, weight, root, tasks, ...paths } as Pipeline
}

function classOf(given: PlaceClass, index: number, shapes: Shapes): ClassShape {
  const slots = Math.max(0, Math.floor(given.slots) || 0)
  const duty = slots > 0 ? Math.min(1, Math.max(0, given.dutySum / slots)) : 0
  const paces: Pace[][] = shapes.variants.map(() => [])
  const memory: number[] = shapes.variants.map(() => 0)
  const able: VariantShape[] = []
  for (const { points, memoryBytes, ...ref } of given.able) {
    const variant = shapes.find(ref)
    if (variant === undefined || memoryBytes > given.memoryBytes || slots * duty <= 0) continue
    if (paces[variant.index]!.length > 0) continue
    const own = pacesOf(points, given.networkMs, duty)
    if (own.length === 0) continue
    paces[variant.index] = own
    memory[variant.index] = Math.max(0, memoryBytes)
    able.push(variant)
  }
  able.sort((a, b) => a.index - b.index)
  const sizes = able.map((variant) => memory[variant.index]!).sort((a, b) => a - b)
  const together = sizes.reduce((sum, size) => sum + size, 0)
  const [least = 0, second = Infinity] = sizes
  const holds = together <= given.memoryBytes
    ? 'all'
    : least + second > given.memoryBytes
    ? 'one'
    : 'some'
  const holding = shapes.variants.map(() => 0)
  return { index, given, slots, paces, memory, holds, able, holding }
}

/** Batch sizes worth using: each takes more time than the last and has a higher rate. */
function pacesOf(
  points: PlaceClass['able'][number]['points'],
  networkMs: number,
  duty: number,
): Pace[] {
  const all = points
    .filter(({ batch, latencyMs }) => batch >= 1 && latencyMs > 0 && Number.isFinite(latencyMs))
    .map(({ batch, latencyMs }) => ({
      batch,
      timeMs: latencyMs + Math.max(0, networkMs) * (1 - place.waiting),
      ratePerS: duty * 1000 * batch / latencyMs,
    }))
    .sort((a, b) => a.timeMs - b.timeMs || b.ratePerS - a.ratePerS)
  const kept: Pace[] = []
  for (const pace of all) {
    if (pace.ratePerS > (kept.at(-1)?.ratePerS ?? 0) * (1 + 1e-9)) kept.push(pace)
  }
  return kept
}

/** The pace of highest rate within a time; undefined if none fits. */
export const paceWithin = (paces: readonly Pace[], timeMs: number): Pace | undefined =>
  paces.findLast((pace) => pace.timeMs <= timeMs + 1e-9)

/** Shares of leaf items among the branches below one item of `prefix`. */
export function branchShares(prefix: Prefix): number[] {
  const { variant } = prefix
  if (variant.task.next.length === 1) return [1]
  const counts = variant.fanOut.map((items, child) => items * leavesOf(bestOf(prefix, child)))
  const sum = counts.reduce((total, count) => total + count, 0)
  return counts.map((count) => sum > 0 ? count / sum : 1 / counts.length)
}

const leavesMemo = new WeakMap<Prefix, number>()
const bestMemo = new WeakMap<Prefix, number>()

/** Expected leaf items below one item of `prefix`. */
function leavesOf(prefix: Prefix): number {
  const { fanOut, task } = prefix.variant
  if (task.next.length === 0) return 1
  let leaves = leavesMemo.get(prefix)
  if (leaves === undefined) {
    leaves = fanOut.reduce((sum, n, child) => sum + n * leavesOf(bestOf(prefix, child)), 0)
    leavesMemo.set(prefix, leaves)
  }
  return leaves
}

const bestOf = (prefix: Prefix, child: number): Prefix =>
  prefix.next[child]!.reduce((best, one) => bestAfter(one) > bestAfter(best) ? one : best)

/** Best mean path accuracy over the leaves below `prefix`, branches weighted by leaf items. */
export function bestAfter(prefix: Prefix): number {
  if (prefix.variant.task.next.length === 0) return prefix.accuracy
  let best = bestMemo.get(prefix)
  if (best === undefined) {
    const shares = branchShares(prefix)
    best = shares.reduce((sum, share, child) => sum + bestAfter(bestOf(prefix, child)) * share, 0)
    bestMemo.set(prefix, best)
  }
  return best
}
