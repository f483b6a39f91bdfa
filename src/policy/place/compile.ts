/**
 * A problem prepared for building programs: linked pipelines, and what each class can do with each
 * variant within which time.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import { endShare } from '../frontier/counted.ts'
import { type Prefix, type Shapes, shapesOf, type VariantShape } from '../shape.ts'
import { type Budget, budgetsOf } from './budgets.ts'
import {
  type PlaceClass,
  type PlaceOptions,
  placeOptionsOf,
  type PlacePipeline,
  type Problem,
} from './problem.ts'

/** How a class can serve a variant: one batch size. */
export interface Pace {
  batch: number
  /** One batch, and its part of the network: all of it, or half where waiting doubles the time. */
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

export interface Demand extends Budget {
  pipeline: PlacePipeline
  ratePerS: number
  /** Share of all demand, 0..1. */
  part: number
  /** What serving all of it counts, likewise: however little, it is more than the accuracy of others. */
  need: number
  starts: Prefix[]
  /** The best mean accuracy that any ways have. */
  best: number
}

export interface Compiled {
  options: PlaceOptions
  shapes: Shapes
  demands: Demand[]
  totalPerS: number
  classes: ClassShape[]
  /** Share of items that hand nothing on, by index of variant, in the order of its task's `next`. */
  none: number[][]
}

/**
 * Throws RangeError for a pipeline that no scheduler would take: two of a name, too many paths.
 *
 * @param late queries may take as long as the quickest way does
 */
export function compile(problem: Problem, late = false): Compiled {
  const options = placeOptionsOf(problem.options)
  const shapes = shapesOf(problem.pipelines.map(pipelineOf))
  const none = shapes.variants.map(({ ref, task }) => {
    const { tasks } = problem.pipelines.find(({ name }) => name === ref.pipeline)!
    const given = tasks[ref.task]!.variants[ref.variant]!.none
    return task.next.map(({ name }) => given?.[name] ?? 0)
  })
  const rates = problem.pipelines.map(({ ratePerS }) => {
    const rate = Number.isFinite(ratePerS) && ratePerS > 0 ? ratePerS : 0
    return Math.max(rate, options.floorPerS)
  })
  const totalPerS = rates.reduce((sum, rate) => sum + rate, 0)
  const classes = problem.classes.map((given, index) => classOf(given, index, shapes, options))
  const budgets = budgetsOf(shapes, options, classes, late)
  const demands = problem.pipelines.map((pipeline, i): Demand => {
    const { starts } = shapes.pipelines.get(pipeline.name)!
    return {
      pipeline,
      ratePerS: rates[i]!,
      part: rates[i]! / totalPerS,
      need: (rates[i]! / totalPerS + 1 / problem.pipelines.length) / 2,
      ...budgets[i]!,
      starts,
      best: Math.max(...starts.map((start) => bestOfAll(start, none)), 1e-3),
    }
  })
  for (const { class: name, sets } of problem.holding ?? []) {
    const one = classes.find(({ given }) => given.name === name)
    for (const { variants: [ref, ...more], slots } of sets) {
      const variant = ref === undefined || more.length > 0 ? undefined : shapes.find(ref)
      if (one !== undefined && variant !== undefined) one.holding[variant.index]! += slots
    }
  }
  return { options, shapes, demands, totalPerS, classes, none }
}

/** A task that was handed nothing so far may be the next time: something has to be able to do it. */
export const LEAST_FAN_OUT = 0.01

function pipelineOf(given: PlacePipeline): Pipeline {
  const { name, sloMs, weight, root, pathAccuracy } = given
  const tasks = Object.fromEntries(
    Object.entries(given.tasks).map(([task, { next, variants }]) => {
      const floored = Object.entries(variants).map(([variant, { accuracy, fanOut }]) => {
        const items = next.map((child) => [child, Math.max(LEAST_FAN_OUT, fanOut?.[child] ?? 1)])
        return [variant, { accuracy, fanOut: Object.fromEntries(items) }]
      })
      return [task, { next, variants: Object.fromEntries(floored) }]
    }),
  )
  return {
    schema: 'shoal-pipeline/1',
    ...{ name, sloMs, weight, root, tasks },
    ...(pathAccuracy === undefined ? {} : { pathAccuracy }),
  } as Pipeline
}

function classOf(
  given: PlaceClass,
  index: number,
  shapes: Shapes,
  options: PlaceOptions,
): ClassShape {
  const slots = Math.max(0, Math.floor(given.slots) || 0)
  const duty = slots > 0 ? Math.min(1, Math.max(0, given.dutySum / slots)) : 0
  const paces: Pace[][] = shapes.variants.map(() => [])
  const memory: number[] = shapes.variants.map(() => 0)
  const able: VariantShape[] = []
  for (const { points, memoryBytes, ...ref } of given.able) {
    const variant = shapes.find(ref)
    if (variant === undefined || memoryBytes > given.memoryBytes || slots * duty <= 0) continue
    if (given.maxVariants < 1 || paces[variant.index]!.length > 0) continue
    const own = pacesOf(points, given.networkMs, duty, options.halving)
    if (own.length === 0) continue
    paces[variant.index] = own
    memory[variant.index] = Math.max(0, memoryBytes)
    able.push(variant)
  }
  able.sort((a, b) => a.index - b.index)
  const sizes = able.map((variant) => memory[variant.index]!).sort((a, b) => a - b)
  const together = sizes.reduce((sum, size) => sum + size, 0)
  const holds = able.length <= given.maxVariants && together <= given.memoryBytes
    ? 'all'
    : given.maxVariants < 2 || (sizes[0] ?? 0) + (sizes[1] ?? Infinity) > given.memoryBytes
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
  halving: boolean,
): Pace[] {
  const all = points
    .filter(({ batch, latencyMs }) => batch >= 1 && latencyMs > 0 && Number.isFinite(latencyMs))
    .map(({ batch, latencyMs }) => ({
      batch,
      timeMs: latencyMs + Math.max(0, networkMs) * (halving ? 0.5 : 1),
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
export function paceWithin(paces: readonly Pace[], timeMs: number): Pace | undefined {
  let best: Pace | undefined
  for (const pace of paces) if (pace.timeMs <= timeMs + 1e-9) best = pace
  return best
}

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

/** Leaf items expected after one item of `prefix`, the most accurate variants taken from here. */
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

function bestOf(prefix: Prefix, child: number): Prefix {
  const after = prefix.next[child]!
  return after.reduce((best, one) => bestAfter(one) > bestAfter(best) ? one : best)
}

/** The best that begins so, counting those queries that end here. */
function bestOfAll(start: Prefix, none: number[][]): number {
  const ends = endShare(start, { none })
  return ends * start.accuracy + (1 - ends) * bestAfter(start)
}

/** Best mean path accuracy over the leaves after `prefix`, branches weighed by their leaf items. */
function bestAfter(prefix: Prefix): number {
  if (prefix.variant.task.next.length === 0) return prefix.accuracy
  let best = bestMemo.get(prefix)
  if (best === undefined) {
    const branches = prefix.next.map((_, child) => bestAfter(bestOf(prefix, child)))
    bestMemo.set(prefix, 0)
    const shares = branchShares(prefix)
    best = branches.reduce((sum, accuracy, child) => sum + accuracy * shares[child]!, 0)
    bestMemo.set(prefix, best)
  }
  return best
}
