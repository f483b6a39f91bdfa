/**
 * A coordinator and nodes whose use is watched.
 *
 * @module
 */
import { loadInProcess } from '../../../demo/load/process.ts'
import type { Asked, Body } from '../../../demo/load/types.ts'
import type { Prefer } from '../../policy/core/elastic.ts'
import type { Scheduler } from '../../policy/core/types.ts'
import { type Coordinator, startCoordinator } from '../../cli/serve/coordinator.ts'
import type { LoadedPipeline } from '../../cli/pipelines/load.ts'
import { fromFileUrl } from '../../cli/root.ts'
import { spawnTied } from '../../cli/tied.ts'
import { countOn } from '../../pipeline/runs_on.ts'

const NODE = fromFileUrl(new URL('./node.ts', import.meta.url))
const SEED = 5
const READY_MS = 90_000

/** What is asked, and of what. */
export interface Question {
  loaded: LoadedPipeline
  bodies: readonly Body[]
  cache: string
}

export interface ElasticScene {
  coordinator: Coordinator
  /** Of the nodes' processes. */
  pids: number[]
  /** Batches that were handed out. */
  batches: { atMs: number; node: string; slot: number }[]
  idOf(name: string): string
  /** Asks at a rate at random moments; `started` is called with the first. */
  ask(perS: number, seconds: number, started?: () => void): Promise<Asked[]>
  end(): Promise<void>
}

/** @param nodes names, and what they are given besides */
export async function openElastic(
  { loaded, bodies, cache }: Question,
  prefer: Prefer,
  nodes: { [name: string]: readonly string[] },
): Promise<ElasticScene> {
  const batches: ElasticScene['batches'] = []
  const wrap = (scheduler: Scheduler): Scheduler => ({
    ...scheduler,
    handle(event, nowMs, more) {
      const commands = scheduler.handle(event, nowMs, more)
      for (const one of commands) {
        if (one.type !== 'dispatch') continue
        batches.push({ atMs: performance.now(), node: one.node, slot: one.slot })
      }
      return commands
    },
    plan: () => scheduler.plan(),
    stats: () => scheduler.stats(),
  })
  const coordinator = startCoordinator({
    ...{ pipelines: [loaded], port: 0, prefer, wrap, hedge: true },
    log: (line, level) => level === 'error' && console.error(line),
  })
  const names = Object.keys(nodes)
  const children = names.map((name) =>
    spawnTied([
      ...['--no-check', NODE, '--join', coordinator.url, '--name', name, '--cache', cache],
      ...nodes[name]!,
    ])
  )
  const scene: ElasticScene = {
    coordinator,
    batches,
    pids: children.map(({ pid }) => pid),
    idOf: (name) => coordinator.pool.nodes().find((node) => node.name === name)!.id,
    async ask(perS, seconds, started) {
      const asked: Asked[] = []
      const rates = Array.from({ length: seconds }, () => perS)
      await loadInProcess(
        {
          ...{ url: coordinator.url, pipeline: loaded.pipeline.name, arrivals: 'poisson' },
          ...{ seed: SEED, trace: { binSeconds: 1, rates } },
        },
        bodies,
        (one) => asked.push(one),
        started,
      )
      return asked
    },
    async end() {
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(children.map(({ status }) => status))
      await coordinator.close(1000)
    },
  }
  const isReady = () => {
    const all = coordinator.pool.nodes()
    return all.length === names.length &&
      all.every((node) =>
        node.cold || node.instances >= node.limit.slots * countOn([loaded.pipeline], node)
      )
  }
  const lateMs = performance.now() + READY_MS
  while (!isReady()) {
    if (performance.now() > lateMs) {
      const held = coordinator.pool.nodes().map(({ instances }) => instances).join()
      await scene.end()
      throw new Error('Cannot bench: nodes do not hold what they are to hold: ' + held)
    }
    await pause(50)
  }
  return scene
}

export const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))
