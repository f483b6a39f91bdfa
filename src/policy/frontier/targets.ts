/**
 * What the frontier's mix means for one group of slots: which variant is next for an item, so that
 * over time each path gets its share. Smooth weighted round robin, by credits.
 *
 * @module
 */
import type { Duties, Share } from '../pool/duties.ts'
import type { Group } from '../pool/slots.ts'
import type { Item, Query } from '../queue/query.ts'
import type { TaskShape, VariantShape, Way } from '../shape.ts'
import type { Mix, PipelineMix } from './mix.ts'
import { createTurns } from './turns.ts'

export interface Targets {
  /** Of the mix in force; no two are alike. */
  readonly mixNumber: number
  /** What the mix makes of each pipeline. */
  pipelines(): readonly PipelineMix[]
  /** A new mix is in force. */
  adopt(mix: Mix): void
  /** The variant that the mix wants next for this item here; undefined where it has no wish. */
  target(item: Item, group: Group): VariantShape | undefined
  /** The variant that it wants next here, of whatever item of the task. */
  next(task: TaskShape, group: Group): VariantShape | undefined
  /** Whether the mix has items that came as this one did served by the variant. */
  isFor(item: Item, variant: VariantShape): boolean
  /** Share of the task's items that come by the way. */
  wayShare(way: Way): number
  /** Whether the mix gives the group work of this task. */
  isPlanned(task: TaskShape, group: Group): boolean
  /** Share of the group's time for the task that the mix gives to this variant. */
  share(variant: VariantShape, group: Group): number
  /** Whether the best is not for all: then the time of slots is what accuracy is paid with. */
  readonly isScarce: boolean
  /** Items of the task that the mix gives to the group, in all the time that it plans with. */
  itemsPerMs(task: TaskShape, group: Group): number
  /** Whether the group has had more than its share of the task's items; see `frontier/turns.ts`. */
  isAhead(task: TaskShape, group: Group): boolean
  /** The same while one that is to do better has had less. */
  isAheadOfBetter(task: TaskShape, group: Group): boolean
  /** Whether it has had less. */
  isBehind(task: TaskShape, group: Group): boolean
  /** Time of the whole pool for a query, as the mix has such served; see `Mix.taskMs`. */
  queryMs(query: Query): number
  /** Items were bound to a variant on this group. */
  charge(task: TaskShape, group: Group, variant: VariantShape, items: number): void
}

/** What was missed longer ago than so many items is not made up for. */
const MAX_CREDIT = 24
/** A mix that uses so much of what is planned with would use more, were there more. */
const SCARCE = 0.98

export function createTargets(): Targets {
  let mix: Mix | undefined
  let mixNumber = 0
  const turns = createTurns()
  let duties = new Map<string, Duties>()
  /** By index of the way. */
  let flows: (readonly boolean[])[] = []
  const credits = new Map<string, Duties['credits']>()

  function dutiesOf(group: Group): Duties {
    const known = group.duties
    if (known?.mixNumber === mixNumber) return known
    let found = duties.get(group.key)
    if (found === undefined) {
      let own = credits.get(group.key)
      if (own === undefined) credits.set(group.key, own = [])
      duties.set(group.key, found = { mixNumber, byTask: [], byWay: [], credits: own })
    }
    return group.duties = found
  }

  /** Work of the task's variants on the group; where it has none, what the pool does of it. */
  function taskShare(task: TaskShape, group: Group): Share {
    const { byTask } = dutiesOf(group)
    let share = byTask[task.index]
    if (share === undefined) {
      const { groups, work, items } = mix!
      const position = groups.indexOf(group.key)
      const planned = position >= 0 && isAny(ofTask(task, work, position))
      share = byTask[task.index] = {
        // Items are given out, so it is items that are counted: a slow variant takes more time for one.
        weights: normalised(ofTask(task, items, planned ? position : ALL)),
        times: normalised(ofTask(task, work, planned ? position : ALL)),
        // What the mix plans nowhere, anybody may do.
        planned: planned || !isAny(ofTask(task, work, ALL)),
      }
    }
    return share
  }

  /** By position of the variant: whether any flow of the way goes to it. */
  function flowsOf({ index, prefixes }: Way, { shape }: Query): readonly boolean[] {
    let found = flows[index]
    if (found === undefined) {
      // A pipeline that came after this mix has no flow in it.
      const flow = mix!.pipelines.find(({ pipeline }) => pipeline === shape.name)?.flow ?? []
      flows[index] = found = prefixes.map(({ id }) => (flow[id] ?? 0) > 1e-6)
    }
    return found
  }

  /** The same, for items of one way: only where its flow goes. */
  function shareOnWay({ way, query }: Item, group: Group): Share {
    const base = taskShare(way.task, group)
    if (way === way.task.pipeline.start) return base
    const { byWay } = dutiesOf(group)
    let share = byWay[way.index]
    if (share === undefined) {
      const flows = flowsOf(way, query)
      const weights = flows.map((flow, i) => flow ? base.weights[i]! : 0)
      const any = weights.some((weight) => weight > 1e-6)
      share = any ? { ...base, weights: normalised(weights) } : base
      byWay[way.index] = share
    }
    return share
  }

  function creditsOf(task: TaskShape, group: Group): Float64Array {
    return dutiesOf(group).credits[task.index] ??= new Float64Array(task.variants.length)
  }

  function nextOf(task: TaskShape, group: Group, { weights }: Share): VariantShape | undefined {
    const credit = creditsOf(task, group)
    let best = -1
    for (let i = 0; i < weights.length; i++) {
      if (weights[i]! <= 1e-6) continue
      if (best < 0 || credit[i]! + weights[i]! > credit[best]! + weights[best]!) best = i
    }
    return best < 0 ? undefined : task.variants[best]
  }

  return {
    pipelines: () => mix?.pipelines ?? [],
    get mixNumber() {
      return mixNumber
    },
    adopt(next) {
      mix = next
      mixNumber++
      turns.adopt(next)
      duties = new Map()
      flows = []
      for (const key of credits.keys()) if (!next.groups.includes(key)) credits.delete(key)
    },
    target(item, group) {
      if (mix === undefined) return undefined
      return nextOf(item.task, group, shareOnWay(item, group))
    },
    next: (task, group) =>
      mix === undefined ? undefined : nextOf(task, group, taskShare(task, group)),
    isFor({ way, query }, variant) {
      if (mix === undefined) return true
      const known = flowsOf(way, query)
      return !known.includes(true) || known[way.task.variants.indexOf(variant)]!
    },
    wayShare: ({ index }) => mix?.ways[index] ?? 1,
    isPlanned: (task, group) => mix === undefined || taskShare(task, group).planned,
    share({ task, index }, group) {
      if (mix === undefined) return 0
      const { times } = taskShare(task, group)
      return times[task.variants.findIndex((variant) => variant.index === index)] ?? 0
    },
    get isScarce() {
      return mix !== undefined && mix.load > SCARCE
    },
    itemsPerMs(task, group) {
      const position = mix?.groups.indexOf(group.key) ?? -1
      if (position < 0) return 0
      return task.variants.reduce((sum, { index }) => sum + mix!.items[index]![position]!, 0)
    },
    queryMs: ({ root }) => mix?.taskMs[root.task.index] ?? Infinity,
    isAhead: turns.isAhead,
    isAheadOfBetter: turns.isAheadOfBetter,
    isBehind: turns.isBehind,
    charge(task, group, variant, items) {
      if (mix === undefined) return
      turns.charge(task, group, items)
      const { weights } = taskShare(task, group)
      const credit = creditsOf(task, group)
      for (let i = 0; i < credit.length; i++) {
        const next = credit[i]! + weights[i]! * items - (task.variants[i] === variant ? items : 0)
        credit[i] = Math.min(Math.max(next, -MAX_CREDIT), MAX_CREDIT)
      }
    },
  }
}

function sumOf(values: readonly number[] = []): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum
}

/** In place of a group's position. */
const ALL = -1

/** What the group at the position has of each variant of the task; or all groups together. */
function ofTask({ variants }: TaskShape, rows: readonly number[][], position: number): number[] {
  const found: number[] = []
  for (let i = 0; i < variants.length; i++) {
    const row = rows[variants[i]!.index]
    found.push(position === ALL ? sumOf(row) : row?.[position] ?? 0)
  }
  return found
}

function isAny(values: readonly number[]): boolean {
  for (let i = 0; i < values.length; i++) if (values[i]! > 1e-6) return true
  return false
}

/** In place. */
function normalised(values: number[]): number[] {
  const sum = sumOf(values)
  for (let i = 0; i < values.length; i++) values[i] = sum > 0 ? values[i]! / sum : 0
  return values
}
