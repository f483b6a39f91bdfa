/**
 * A coordinator with the rules to look at, tabs and Deno nodes beside it, on one machine.
 *
 * @module
 */
import { buildAssets } from '../src/cli/serve/build_assets.ts'
import { type Coordinator, startCoordinator } from '../src/cli/serve/coordinator.ts'
import type { LoadedPipeline } from '../src/cli/pipelines/load.ts'
import type { Tabs } from '../src/cli/tabs.ts'
import type { Assets } from '../src/coordinator/http/pages.ts'
import type { Scheduler } from '../src/policy/core/types.ts'

export interface SceneOptions {
  pipelines: readonly LoadedPipeline[]
  policy: string
  /** 0 takes any free one. The same again, and tabs are the same nodes again. */
  port: number
  tabs?: { browser: Tabs; names: readonly string[] }
  /** Starts a Deno node of this name. */
  startNode(url: string, name: string): Deno.ChildProcess
  nodes: readonly string[]
  /** What stands between pool and scheduler; told how to find a node's name by its id. */
  wrap?: (scheduler: Scheduler, nameOf: (node: string) => string) => Scheduler
  say(line: string): void
}

export interface Scene {
  coordinator: Coordinator
  port: number
  closeTab(name: string): Promise<void>
  /** Lets the nodes go, then ends the coordinator. */
  end(): Promise<void>
}

/** Nothing was loaded for so long: all that will be held is. */
const SETTLED_MS = 2000
/** Rules that find no plan load nothing: they are played as they are. */
const HOPELESS_MS = 20_000
const PATIENCE_MS = 90_000
const LOOK_MS = 50
const TROUBLE = /fault|lost|silent|cannot|anew/

let assets: Promise<Assets> | undefined

/**
 * Resolves when every node holds what it is to hold.
 *
 * @throws Error when that takes too long
 */
export async function openScene(options: SceneOptions): Promise<Scene> {
  const { pipelines, policy, tabs, wrap, say } = options
  const nameOf = (id: string): string => coordinator.pool.node(id)?.name ?? id
  assets ??= buildAssets()
  const coordinator: Coordinator = startCoordinator({
    // As `deno task start` serves.
    pipelines: [...pipelines],
    policy,
    port: options.port,
    assets: await assets,
    hedge: true,
    ...(wrap === undefined ? {} : { wrap: (scheduler) => wrap(scheduler, nameOf) }),
    log: (line) => {
      if (TROUBLE.test(line)) say(`  ${line}`)
    },
  })
  const { url, pool } = coordinator
  const children = options.nodes.map((name) => options.startNode(url, name))
  const scene: Scene = {
    coordinator,
    port: Number(new URL(url).port),
    closeTab: (name) => tabs?.browser.close(name) ?? Promise.resolve(),
    async end() {
      for (const child of children) stop(child)
      await Promise.all([tabs?.browser.closeAll(), ...children.map((child) => child.status)])
      await coordinator.close(1000)
    },
  }
  try {
    await Promise.all(tabs?.names.map((name) => tabs.browser.open(name, url)) ?? [])
    const expected = children.length + (tabs?.names.length ?? 0)
    await settled(pool, expected, (line) => say(`  ${line}`))
    return scene
  } catch (error) {
    await scene.end()
    throw error
  }
}

async function settled(
  pool: Coordinator['pool'],
  expected: number,
  say: (line: string) => void,
): Promise<void> {
  const startMs = performance.now()
  const told = new Set<string>()
  let held = -1
  let changedMs = startMs
  for (;;) {
    const nowMs = performance.now()
    const nodes = pool.nodes()
    for (const { name, runtime } of nodes) {
      if (!told.has(name)) say(`${name} (${runtime}) joined`)
      told.add(name)
    }
    const count = nodes.reduce((sum, { instances }) => sum + instances, 0)
    if (count !== held) changedMs = nowMs
    held = count
    const joined = nodes.length >= expected
    const complete = joined && pool.ready() && nodes.every(({ instances }) => instances > 0)
    if (complete && nowMs - changedMs > SETTLED_MS) return
    if (joined && nowMs - changedMs > HOPELESS_MS) {
      return say(`not every task is served, with ${held} models loaded: so these rules decided`)
    }
    if (nowMs - startMs > PATIENCE_MS) {
      throw new Error(
        `Cannot start: ${nodes.length} of ${expected} nodes joined, ${held} models loaded`,
      )
    }
    await new Promise((done) => setTimeout(done, LOOK_MS))
  }
}

function stop(child: Deno.ChildProcess): void {
  try {
    child.kill('SIGTERM')
  } catch {
    // Gone already.
  }
}
