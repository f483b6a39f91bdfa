/**
 * Islands: pipelines that share no slot. Where slots hold only some variants each may hold those of
 * one pipeline alone; then no query is held up by one of another pipeline, and whoever is let in
 * takes nothing from the others. What is reckoned of a pool holds for each island by itself: when its
 * slots come free, what waits for them, what their time is worth, what its queries can spare.
 *
 * @module
 */
import type { PipelineShape, VariantShape } from '../shape.ts'
import { type Group, holdsAll } from './slots.ts'

export interface Island {
  /** There are others. */
  isPart: boolean
  groups: readonly Group[]
  pipelines: ReadonlySet<PipelineShape>
  slotCount: number
  /** Slots' worth of time. */
  duty: number
  /** Its slots all hold the same: whatever waits, any of them can do. */
  sameHeld: boolean
  /** They do, or each holds all that it may be asked to: who is refused would not find other hands. */
  allHeld: boolean
  /** Its pipelines differ in the time that queries have. */
  hasUnlikeSlos: boolean
}

/** Says of each group which island it is on, by number. Where no slot holds anything there is one. */
export function findIslands(groups: readonly Group[]): Island[] {
  /** Of each pipeline another one of its island, or the one that speaks for all of it. */
  const leaders = new Map<PipelineShape, PipelineShape>()
  const leaderOf = (pipeline: PipelineShape): PipelineShape => {
    const next = leaders.get(pipeline) ?? pipeline
    return next === pipeline ? pipeline : leaderOf(next)
  }
  for (const { tasks } of groups) {
    const first = tasks[0]!.pipeline
    for (const { pipeline } of tasks) leaders.set(leaderOf(pipeline), leaderOf(first))
  }
  const pipelines = [...leaders.keys()]
  const numbers = new Map([...new Set(pipelines.map(leaderOf))].map((leader, i) => [leader, i]))
  for (const group of groups) group.island = numbers.get(leaderOf(group.tasks[0]!.pipeline))!
  return Array.from({ length: Math.max(numbers.size, 1) }, (_, number) =>
    islandOf(
      groups.filter(({ island }) => island === number),
      pipelines.filter((pipeline) => numbers.get(leaderOf(pipeline)) === number),
      numbers.size > 1,
    ))
}

function islandOf(groups: Group[], pipelines: PipelineShape[], isPart: boolean): Island {
  const sameHeld = groups.every(({ held }) => isSame(held, groups[0]!.held))
  return {
    isPart,
    groups,
    pipelines: new Set(pipelines),
    slotCount: groups.reduce((sum, { slots }) => sum + slots.length, 0),
    duty: groups.reduce((sum, { duty }) => sum + duty, 0),
    sameHeld,
    allHeld: sameHeld || groups.every(({ slots }) => slots.every(holdsAll)),
    hasUnlikeSlos: new Set(pipelines.map(({ pipeline }) => pipeline.sloMs)).size > 1,
  }
}

const isSame = (a: ReadonlySet<VariantShape>, b: ReadonlySet<VariantShape>) =>
  a.size === b.size && [...a].every((variant) => b.has(variant))

/** Number of the island of a pipeline; 0 where no slot holds anything of it. */
export const islandNumber = (
  { islands }: { islands: readonly Island[] },
  pipeline: PipelineShape,
): number =>
  islands.length < 2
    ? 0
    : Math.max(0, islands.findIndex(({ pipelines }) => pipelines.has(pipeline)))
