/**
 * The mix of paths that the frontier decided on: what share of a pipeline's queries takes each
 * prefix of a path, and which group does how much of the work of each variant.
 *
 * @module
 */
import type { PipelineShape, Prefix, Shapes } from '../shape.ts'
import type { FrontierProblem } from './problem.ts'

export interface PipelineMix {
  pipeline: string
  /** Share of the demand that is served, 0..1. */
  served: number
  /** Mean accuracy of what is served. */
  accuracy: number
  sloMs: number
  /** Slots' worth of time that it takes. */
  slots: number
  /** By id of prefix: share of all queries whose items of that task go this way. */
  flow: number[]
}

/** A mix that serves less of a pipeline's queries has some refused. */
const ALL = 0.999
export const isAllServed = ({ served }: Pick<PipelineMix, 'served'>): boolean => served >= ALL

export interface Mix {
  pipelines: PipelineMix[]
  /** By index of variant, by index of group: share of the group's time, of the capacity planned with. */
  work: number[][]
  /** Likewise, in items: how many of the variant the group does, in the same proportions everywhere. */
  items: number[][]
  /** By index of task: time of the whole pool for one item and all that follows, in ms. */
  taskMs: number[]
  /** By index of way: share of the task's items that come by it; none where there is one group. */
  ways: number[]
  /** Keys of the groups that `work` speaks of. */
  groups: string[]
  /** Share of the planned capacity that is used. */
  load: number
  /** Made for a queue that is to be worked off. */
  drains: boolean
}

/** Paths from root to leaf with their shares; those of a branch sum to the share of its leaf items. */
export function pathsOf(
  shapes: Shapes,
  mix: Mix,
  least = 1e-4,
): { pipeline: string; path: string[]; share: number }[] {
  const rows: { pipeline: string; path: string[]; share: number }[] = []
  for (const { pipeline, flow, served } of mix.pipelines) {
    const shape = shapes.pipelines.get(pipeline)
    // Gone since this mix was made.
    if (shape === undefined) continue
    const visit = (prefix: Prefix, path: string[], weight: number) => {
      const share = flow[prefix.id]!
      if (share < least) return
      const here = [...path, prefix.variant.ref.variant]
      if (prefix.next.length === 0) {
        rows.push({ pipeline, path: here, share: share * weight / Math.max(served, least) })
        return
      }
      for (const branch of prefix.next) {
        for (const next of branch) visit(next, here, weight / prefix.next.length)
      }
    }
    for (const start of shape.starts) visit(start, [], 1)
  }
  return rows
}

/** How long the queries of a mix can wait, those that have least time for it. */
export function slackOf(shapes: Shapes, problem: FrontierProblem, mix: Mix): number {
  let least = Infinity
  for (const { pipeline, flow, served } of mix.pipelines) {
    const shape = shapes.pipelines.get(pipeline)
    if (shape === undefined || served <= 0) continue
    const chainMs = chainOf(shape, problem, flow) / served
    least = Math.min(least, shape.pipeline.sloMs - chainMs)
  }
  return least
}

/** Mean over the flow of the time from the start to the last leaf, one item alone at each task. */
function chainOf(
  shape: PipelineShape,
  { services }: FrontierProblem,
  flow: readonly number[],
): number {
  const visit = (prefix: Prefix): number => {
    const share = flow[prefix.id]!
    if (share <= 0) return 0
    const aloneMs = services[prefix.variant.index]!.reduce(
      (ms, service) => Math.min(ms, service.aloneMs),
      Infinity,
    )
    const rest = prefix.next.map((branch) => branch.reduce((sum, next) => sum + visit(next), 0))
    return share * aloneMs + Math.max(0, ...rest)
  }
  return shape.starts.reduce((sum, start) => sum + visit(start), 0)
}
