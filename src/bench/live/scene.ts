/**
 * The scene of `deno task bench live`: a coordinator with the rules to look at and nodes of several
 * kinds, one slot and one thread each.
 *
 * Of `ocr` a Deno node on ONNX Runtime's native build and one on WebAssembly; of other pipelines tabs
 * and Deno nodes on WebAssembly.
 *
 * @module
 */
import { demoBodies } from '../../../demo/demo_bodies.ts'
import type { Body } from '../../../demo/load/types.ts'
import { openScene, type Scene } from '../../../demo/scene.ts'
import type { Scheduler } from '../../policy/core/types.ts'
import { findChromium, NO_CHROMIUM } from '../../cli/chromium.ts'
import { type LoadedPipeline, loadPipelines } from '../../cli/pipelines/load.ts'
import { hasNativeEngine } from '../../cli/node/native_engine.ts'
import { fromFileUrl } from '../../cli/root.ts'
import { launchTabs, type Tabs } from '../../cli/tabs.ts'
import { spawnTied } from '../../cli/tied.ts'

const NODE = fromFileUrl(new URL('./node.ts', import.meta.url))

export type Wrap = (scheduler: Scheduler, nameOf: (node: string) => string) => Scheduler

export interface Stage {
  pipeline: LoadedPipeline
  bodies: Body[]
  /** Nodes as `name on backend`. */
  nodes: string[]
  /** @param measure whether nodes measure while they have nothing to do */
  open(policy: string, wrap: Wrap, measure?: boolean): Promise<Scene>
  end(): Promise<void>
}

export async function setStage(
  dir: string,
  { tabs, nodes }: { tabs: number; nodes: number },
): Promise<Stage> {
  const [pipeline] = await loadPipelines([dir], () => {})
  const bodies = await demoBodies(dir, pipeline!.pipeline.name)
  const native = pipeline!.pipeline.name === 'ocr' && await hasNativeEngine()
  const backends = new Map(
    Array.from(
      { length: nodes },
      (_, i) => [`deno-${i + 1}`, native && i === 0 ? 'native' : 'wasm'],
    ),
  )
  const names = Array.from({ length: tabs }, (_, i) => `tab-${i + 1}`)
  // What nodes measured at other times, beside other things, is not to be remembered.
  const cache = `shoal-live-${crypto.randomUUID()}`
  let browser: Tabs | undefined
  if (tabs > 0) {
    const executable = await findChromium()
    if (executable === undefined) throw new RangeError(`Cannot open tabs: ${NO_CHROMIUM}`)
    browser = await launchTabs(executable, { processors: 1 })
  }
  return {
    pipeline: pipeline!,
    bodies,
    nodes: [...[...backends].map((one) => one.join(' on ')), ...names],
    open: (policy, wrap, measure = false) =>
      openScene({
        ...{ pipelines: [pipeline!], policy, wrap, port: 0 },
        ...(browser === undefined ? {} : { tabs: { browser, names } }),
        nodes: [...backends.keys()],
        say: (line) => console.log(line),
        startNode: (url, name) =>
          spawnTied([
            ...['--no-check', NODE, '--join', url, '--name', name, '--cache', cache],
            ...['--backend', backends.get(name)!, ...(measure ? ['--measure'] : [])],
          ]),
      }),
    async end() {
      await browser?.end()
      await caches.delete(cache)
    },
  }
}
