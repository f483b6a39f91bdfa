/**
 * From a plan's mix of paths to what is drawn: how much of each task's work each variant does, and
 * what flows from one variant to the next.
 *
 * @module
 */
import type { PipelineInfo, PlanInfo } from '../../client/types.ts'

export interface Box {
  variant: string
  accuracy: number
  /** Of the task's work, 0..1. */
  share: number
  /** Held warm. */
  instances: number
  /** What whoever runs the pool said of it. */
  ruling?: 'pinned' | 'forbidden'
}

export interface Stage {
  task: string
  /** From the root, which is 0. */
  depth: number
  /** The most accurate first. */
  boxes: Box[]
}

export interface Flow {
  from: [task: string, variant: string]
  to: [task: string, variant: string]
  /** Of the work of the task that it goes to. */
  share: number
}

export interface Flows {
  stages: Stage[]
  flows: Flow[]
}

export function flowsOf(pipeline: PipelineInfo, plan: PlanInfo): Flows {
  const shares = new Map<string, number>()
  const flows = new Map<string, Flow>()
  const totals = new Map<string, number>()
  const ways = waysOf(pipeline)
  for (const { pipeline: name, path, share } of plan.mix) {
    if (name !== pipeline.name) continue
    const fitting = ways.filter((tasks) =>
      tasks.length === path.length &&
      tasks.every((task, i) => path[i]! in pipeline.tasks[task]!.variants)
    )
    for (const tasks of fitting) {
      const part = share / fitting.length
      tasks.forEach((task, i) => {
        const to: [string, string] = [task, path[i]!]
        add(shares, to.join(' '), part)
        add(totals, task, part)
        if (i === 0) return
        const from: [string, string] = [tasks[i - 1]!, path[i - 1]!]
        const key = [...from, ...to].join(' ')
        const known = flows.get(key)
        if (known === undefined) flows.set(key, { from, to, share: part })
        else known.share += part
      })
    }
  }
  const held = new Map<string, number>()
  for (const { pipeline: name, task, variant, count } of plan.instances) {
    if (name === pipeline.name) add(held, `${task} ${variant}`, count)
  }
  const total = (task: string) => totals.get(task) || 1
  return {
    stages: [...depthsOf(pipeline)].map(([task, depth]) => ({
      task,
      depth,
      boxes: Object.entries(pipeline.tasks[task]!.variants)
        .map(([variant, { accuracy }]) => ({
          variant,
          accuracy,
          share: (shares.get(`${task} ${variant}`) ?? 0) / total(task),
          instances: held.get(`${task} ${variant}`) ?? 0,
          ...rulingOf(plan, pipeline.name, task, variant),
        }))
        .sort((a, b) => b.accuracy - a.accuracy),
    })),
    flows: [...flows.values()].map((flow) => ({ ...flow, share: flow.share / total(flow.to[0]) })),
  }
}

function rulingOf({ rulings }: PlanInfo, pipeline: string, task: string, variant: string) {
  const found = rulings.find((one) =>
    one.pipeline === pipeline && one.task === task && one.variant === variant
  )
  return found === undefined ? {} : { ruling: found.ruling }
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value)
}

/** Every way from the root to a leaf, as tasks. */
function waysOf({ root, tasks }: PipelineInfo): string[][] {
  const from = (task: string): string[][] => {
    const { next } = tasks[task]!
    if (next.length === 0) return [[task]]
    return next.flatMap(from).map((way) => [task, ...way])
  }
  return from(root)
}

function depthsOf({ root, tasks }: PipelineInfo): Map<string, number> {
  const depths = new Map<string, number>()
  const visit = (task: string, depth: number) => {
    depths.set(task, depth)
    for (const next of tasks[task]!.next) visit(next, depth + 1)
  }
  visit(root, 0)
  return depths
}
