/**
 * A problem prepared for building programs: linked pipelines, and what each class can do with each
 * variant within which time.
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

/** How a class can serve a variant: one batch size. */
export interface Pace {
  batch: number
  /** One batch, and its part of the network: all of it, less what waiting takes of the time. */
  timeMs: number
  /** Items per second of one slot that does nothing else, duty included. */
  ratePerS: number
}

export interface ClassShape {
  index: number
  given: PlaceClass
  slots: number
  /** By index of variant; rising in time and rate. Empty where the class is not able. */
  paces: Pace[][]
  memory: number[]
  /** What one slot can hold of what the class is able to: one variant, some, or all. */
  holds: 'one' | 'some' | 'all'
  able: VariantShape[]
  /** Slots that hold a variant, and nothing else, by its index. */
  holding: number[]
}

/** Slots of one class that hold the same variants. */
export interface Kind {
  class: ClassShape
  variants: readonly VariantShape[]
  slots: number
  /** For whole slots: the allowance that they work within, where that is decided. */
  allowance?: number
  /** How many slots hold these variants is for the program to say; `slots` is the most. */
  open?: boolean
}

/** Slots that hold one variant work within one allowance: their time is given in whole slots. */
export const isWhole = ({ class: { holds } }: Kind): boolean => holds === 'one'

export interface Demand {
  pipeline: PlacePipeline
  /** What its paths may take of the SLO; 0 where none will do. */
  budgetMs: number
  ratePerS: number
  /** Share of all demand, 0..1. */
  part: number
  /** What serving all of it counts, likewise: however little, it is more than the accuracy of others. */
  need: number
  starts: Prefix[]
  /** The best mean accuracy that any paths have. */
  best: number
}

export interface Compiled {
  shapes: Shapes
  demands: Demand[]
  totalPerS: number
  classes: ClassShape[]
  slots: number
  /** Share of items that hand nothing on, by index of variant, in the order of its task's `next`. */
  none: number[][]
  /** Share of the slots that may be gone by the time that others have changed. */
  atRisk: number
  /** What was done so far, by count. */
  effort: SolveEffort
}

/**
 * Throws RangeError for a pipeline that no scheduler would take: two of a name, too many paths.
 *
 * @param late queries may take as long as the quickest path does
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

/** Of an SLO what is left for work: a part of it is for waiting behind one batch, as in the paper. */
export const workingMs = (sloMs: number): number => sloMs * (1 - place.waiting)

/**
 * Where no path is as quick as the working time, as much is planned with as the quickest takes: a query
 * that finds slots idle is in time, and without any path nothing would be held for the pipeline.
 */
function budgetOf(sloMs: number, quickestMs: number, late: boolean): number {
  const isEnough = quickestMs <= sloMs || late && quickestMs < Infinity
  return isEnough ? Math.max(workingMs(sloMs), quickestMs) : 0
}

/** Quickest time to serve one item, by any class: of a task with all that follows, and after it. */
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

/** Batch sizes worth using: more time only for more rate. */
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

/** The class's quickest way within a time; undefined where none fits. */
export const paceWithin = (paces: readonly Pace[], timeMs: number): Pace | undefined =>
  paces.findLast((pace) => pace.timeMs <= timeMs + 1e-9)

/** Shares of the leaf items that the branches below one item of `prefix` lead to. */
export function branchShares(prefix: Prefix): number[] {
  const { variant } = prefix
  if (variant.task.next.length === 1) return [1]
  const counts = variant.fanOut.map((items, child) => items * leavesOf(bestOf(prefix, child)))
  const sum = counts.reduce((total, count) => total + count, 0)
  return counts.map((count) => sum > 0 ? count / sum : 1 / counts.length)
}

const leavesMemo = new WeakMap<Prefix, number>()
const bestMemo = new WeakMap<Prefix, number>()

/** Leaf items expected after one item of `prefix`. */
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

/** Best mean path accuracy over the leaves after `prefix`, branches weighed by their leaf items. */
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
