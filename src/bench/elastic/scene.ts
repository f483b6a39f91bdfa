/** A coordinator and nodes whose use is watched. @module */
import type { Asked, Body } from '../../../demo/load/types.ts'
import type { Prefer } from '../../policy/core/elastic.ts'
import type { LoadedPipeline } from '../../cli/pipelines/load.ts'
import { countOn } from '../../pipeline/runs_on.ts'
import { askAll, atRate } from '../asked.ts'
import { openPool } from '../pool.ts'
import { sumOf, until, watching } from '../tools.ts'

const SEED = 5
const READY_MS = 90_000
/** Between looks at how many slots are in use. */
const LOOK_MS = 200

/** What is asked, and of what. */
export interface Question {
  loaded: LoadedPipeline
  bodies: readonly Body[]
  cache: string
}

/** @param nodes names, and what they are given besides */
export async function openElastic(
  { loaded: { pipeline, ...files }, bodies, cache }: Question,
  prefer: Prefer,
  nodes: { [name: string]: readonly string[] },
) {
  const batches: { atMs: number; node: string; slot: number }[] = []
  const coordinator = openPool({
    ...{ pipelines: [{ pipeline, ...files }], prefer, hedge: true },
    wrap: (scheduler) =>
      watching(scheduler, () => {}, (one) => {
        if (one.type !== 'dispatch') return
        batches.push({ atMs: performance.now(), node: one.node, slot: one.slot })
      }),
  })
  const { url, pool } = coordinator
  const children = Object.entries(nodes).map(([name, options]) =>
    coordinator.spawn(name, { options: ['--cache', cache, '--threads', '2', ...options] })
  )
  const scene = {
    /** `batches` are those that were handed out, `pids` the nodes' processes. */
    ...{ coordinator, batches, pids: children.map(({ pid }) => pid) },
    idOf: (name: string) => coordinator.find(name)!.id,
    /** Asks at a rate at random moments; `started` is called with the first. */
    ask: (perS: number, seconds: number, started?: () => void): Promise<Asked[]> =>
      askAll(
        { url, pipeline: pipeline.name, ...atRate(perS, seconds, SEED) },
        bodies,
        started,
      ),
    /** Begins at once; its end says how many slots were in use on average. */
    watchUse() {
      let [looks, slots] = [0, 0]
      const look = () => {
        looks++
        slots += sumOf(pool.nodes().map(({ inUse }) => inUse.slots * inUse.duty))
      }
      const timer = setInterval(look, LOOK_MS)
      look()
      return () => {
        clearInterval(timer)
        return slots / looks
      }
    },
    end: coordinator.end,
  }
  const isReady = () =>
    pool.nodes().length === children.length &&
    pool.nodes().every((node) =>
      node.cold || node.instances >= node.limit.slots * countOn([pipeline], node)
    )
  const fault = () =>
    'Cannot bench: nodes do not hold what they are to hold: ' +
    pool.nodes().map(({ instances }) => instances).join()
  await until(isReady, { limitMs: READY_MS, everyMs: 50, fault }).catch(async (error) => {
    await scene.end()
    throw error
  })
  return scene
}
