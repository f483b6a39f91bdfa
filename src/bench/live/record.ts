/**
 * What `deno task bench live --json FILE` writes, read again: to go on with it, to simulate it, to
 * draw it.
 * @module
 */
import { relative, resolve } from 'node:path'
import type { LatencyPoint, VariantRef } from '../../policy/core/types.ts'
import { ROOT } from '../../cli/root.ts'
import type { Observed } from './observe.ts'
import { keyOf, type Profiles } from './profile.ts'
import type { Row } from './rows.ts'
import type { Step } from './steps.ts'

export interface LiveRun {
  /** The pipeline's folder. */
  pipeline: string
  sloMs: number
  nodes: string[]
  /** What `static` carries when it always has more to do. */
  carriedPerS: number
  steps: Step[]
  profiles: { [node: string]: (VariantRef & { points: LatencyPoint[] })[] }
  policies: { [policy: string]: PolicyRun }
}

export interface PolicyRun {
  /** Of the first steps, as many as were played. */
  rows: Row[]
  parts: Part[]
}

/** Steps that were played in one go: to nodes that had joined for them. */
export interface Part {
  first: number
  count: number
  jump: { queries: number; violated: number } | null
  observed: Observed
}

/** @throws RangeError where there is no such file, or one from elsewhere */
export async function readLiveRun(file: string): Promise<LiveRun> {
  const read = await Deno.readTextFile(file).then(
    (text) => JSON.parse(text) as { live?: LiveRun } | null,
  ).catch((error: Error) => {
    throw new RangeError(`Cannot read ${file}: ${error.message}`)
  })
  const live = read?.live
  if (live?.policies === undefined || !live.steps?.every(({ fromS }) => fromS !== undefined)) {
    throw new RangeError(`Cannot read ${file}: must come from deno task bench live --json ${file}`)
  }
  return { ...live, pipeline: resolve(ROOT, live.pipeline) }
}

/** How many tabs and Deno nodes it was that played: those that go on are to be as many. */
export function countsOf({ nodes }: Pick<LiveRun, 'nodes'>): { tabs: number; nodes: number } {
  const tabs = nodes.filter((name) => name.startsWith('tab-')).length
  return { tabs, nodes: nodes.length - tabs }
}

/** @throws RangeError where others would go on with it: figures of two pools are not one run */
export function mustBeAlike(file: string, run: Pick<LiveRun, 'nodes'>, nodes: readonly string[]) {
  if (run.nodes.join() === nodes.join()) return
  throw new RangeError(
    `Cannot go on with ${file}: it was played by ${run.nodes.join(', ')}, here by ${
      nodes.join(', ') || 'nobody'
    }`,
  )
}

/** Folders of the project are named from its root, so that the file means the same elsewhere. */
export const portable = (dir: string): string => {
  const inside = relative(ROOT, resolve(dir))
  return inside.startsWith('..') ? resolve(dir) : inside
}

export const profilesOf = (run: LiveRun): Profiles =>
  new Map(
    Object.entries(run.profiles).map(([node, rows]) => [
      node,
      new Map(rows.map((row) => [keyOf(row), row])),
    ]),
  )
