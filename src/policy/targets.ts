/**
 * What the frontier's mix means for one group of slots: which variant is next for an item, so that
 * over time each path gets its share. Smooth weighted round robin, by credits.
 *
 * @module
 */
import type { Group } from './slots.ts'
import type { Mix } from './frontier/mix.ts'
import type { Item } from './query.ts'
import { prefixesAfter, type TaskShape, type VariantShape } from './shape.ts'

export interface Targets {
  /** Of the mix in force; no two are alike. */
  readonly mixNumber: number
  /** A new mix is in force. */
  adopt(mix: Mix): void
  /** The variant that the mix wants next for this item here; undefined where it has no wish. */
  target(item: Item, group: Group): VariantShape | undefined
  /** Whether the mix gives the group work of this task. */
  isPlanned(task: TaskShape, group: Group): boolean
  /** Share of the group's time for the task that the mix gives to this variant. */
  share(variant: VariantShape, group: Group): number
  /** Whether the best is not for all: then the time of slots is what accuracy is paid with. */
  readonly isScarce: boolean
  /** Items of the task that the mix gives to the group, in all the time that it plans with. */
  itemsPerMs(task: TaskShape, group: Group): number
  /** Items were bound to a variant on this group. */
  charge(task: TaskShape, group: Group, variant: VariantShape, items: number): void
}

/** What was missed longer ago than so many items is not made up for. */
const MAX_CREDIT = 24
/** A mix that uses so much of what is planned with would use more, were there more. */
const SCARCE = 0.98

interface Row {
  /** By position of the variant in its task: share of the items; sums to 1, or all 0. */
  weights: Float64Array
  /** Likewise: share of the group's time for the task. */
  times: Float64Array
  planned: boolean
}

interface GroupRows {
  byTask: Map<TaskShape, Row>
  byPrefix: Map<object, Row>
}

export function createTargets(): Targets {
  let mix: Mix | undefined
  let mixNumber = 0
  let rows = new Map<string, GroupRows>()
  const credits = new Map<string, Map<TaskShape, Float64Array>>()

  function rowsOf(group: Group): GroupRows {
    let found = rows.get(group.key)
    if (found === undefined) {
      rows.set(group.key, found = { byTask: new Map(), byPrefix: new Map() })
    }
    return found
  }

  /** Work of the task's variants on the group; where it has none, what the pool does of it. */
  function taskRow(task: TaskShape, group: Group): Row {
    const { byTask } = rowsOf(group)
    let row = byTask.get(task)
    if (row === undefined) {
      const position = mix!.groups.indexOf(group.key)
      const own = task.variants.map(({ index }) =>
        position < 0 ? 0 : mix!.work[index]?.[position] ?? 0
      )
      const planned = own.some((work) => work > 1e-6)
      const pool = task.variants.map(({ index }) =>
        mix!.work[index]?.reduce((a, b) => a + b, 0) ?? 0
      )
      // What the mix plans nowhere, anybody may do.
      const nowhere = !pool.some((work) => work > 1e-6)
      // Items are given out, so it is items that are counted: a slow variant takes more time for one.
      const items = task.variants.map(({ index }) =>
        planned
          ? mix!.items[index]?.[position] ?? 0
          : mix!.items[index]?.reduce((a, b) => a + b, 0) ?? 0
      )
      row = {
        weights: normalised(items),
        times: normalised(planned ? own : pool),
        planned: planned || nowhere,
      }
      byTask.set(task, row)
    }
    return row
  }

  /** The same, for items that come by this prefix: only where its flow goes. */
  function prefixRow(item: Item, group: Group): Row {
    const base = taskRow(item.task, group)
    if (item.above === null) return base
    const { byPrefix } = rowsOf(group)
    // One prefix may lead to several tasks: the child prefixes' array stands for both.
    const children = prefixesAfter(item.above, item.task)
    let row = byPrefix.get(children)
    if (row === undefined) {
      // A pipeline that came after this mix has no flow in it.
      const { flow } = mix!.pipelines.find(({ pipeline }) => pipeline === item.query.shape.name) ??
        { flow: [] }
      const weights = children.map((prefix, i) =>
        (flow[prefix.id] ?? 0) > 1e-6 ? base.weights[i]! : 0
      )
      const any = weights.some((weight) => weight > 1e-6)
      row = any ? { ...base, weights: normalised(weights) } : base
      byPrefix.set(children, row)
    }
    return row
  }

  function creditsOf(task: TaskShape, group: Group): Float64Array {
    let byTask = credits.get(group.key)
    if (byTask === undefined) credits.set(group.key, byTask = new Map())
    let found = byTask.get(task)
    if (found === undefined) byTask.set(task, found = new Float64Array(task.variants.length))
    return found
  }

  return {
    get mixNumber() {
      return mixNumber
    },
    adopt(next) {
      mix = next
      mixNumber++
      rows = new Map()
      for (const key of credits.keys()) if (!next.groups.includes(key)) credits.delete(key)
    },
    target(item, group) {
      if (mix === undefined) return undefined
      const { weights } = prefixRow(item, group)
      const credit = creditsOf(item.task, group)
      let best = -1
      for (let i = 0; i < weights.length; i++) {
        if (weights[i]! <= 1e-6) continue
        if (best < 0 || credit[i]! + weights[i]! > credit[best]! + weights[best]!) best = i
      }
      return best < 0 ? undefined : item.task.variants[best]
    },
    isPlanned: (task, group) => mix === undefined || taskRow(task, group).planned,
    share({ task, index }, group) {
      if (mix === undefined) return 0
      const { times } = taskRow(task, group)
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
    charge(task, group, variant, items) {
      if (mix === undefined) return
      const { weights } = taskRow(task, group)
      const credit = creditsOf(task, group)
      task.variants.forEach((other, i) => {
        const next = credit[i]! + weights[i]! * items - (other === variant ? items : 0)
        credit[i] = Math.min(Math.max(next, -MAX_CREDIT), MAX_CREDIT)
      })
    },
  }
}

function normalised(values: readonly number[]): Float64Array {
  const sum = values.reduce((a, b) => a + b, 0)
  return Float64Array.from(values, (value) => sum > 0 ? value / sum : 0)
}
