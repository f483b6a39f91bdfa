/**
 * The scene of `deno task bench live`: a coordinator with the rules to look at and nodes of several
 * kinds, one slot and one thread each. Of `ocr` a Deno node on ONNX Runtime's native build, where that
 * was fetched, and others on WebAssembly; of other pipelines tabs and Deno nodes on WebAssembly.
 * @module
 */
import { demoBodies } from '../../../demo/demo_bodies.ts'
import { openScene } from '../../../demo/scene.ts'
import type { Scheduler } from '../../policy/core/types.ts'
import { findChromium, NO_CHROMIUM } from '../../cli/chromium.ts'
import { loadPipeline } from '../../cli/pipelines/load.ts'
import { hasNativeEngine } from '../../cli/node/native_engine.ts'
import { launchTabs, type Tabs } from '../../cli/tabs.ts'
import { spawnBenchNode } from '../tools.ts'

export type Wrap = (scheduler: Scheduler, nameOf: (node: string) => string) => Scheduler

export type Stage = Awaited<ReturnType<typeof setStage>>

export async function setStage(
  dir: string,
  { tabs, nodes }: { tabs: number; nodes: number },
) {
  const pipeline = await loadPipeline(dir, () => {})
  const bodies = await demoBodies(dir, pipeline.pipeline.name)
  const native = pipeline.pipeline.name === 'ocr' && await hasNativeEngine()
  const backends = new Map<string, string>(
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
    ...{ pipeline, bodies },
    /** As `name on backend`. */
    nodes: [...[...backends].map((one) => one.join(' on ')), ...names],
    /** @param measure whether nodes measure while they have nothing to do */
    open: (policy: string, wrap: Wrap, measure = false) =>
      openScene({
        ...{ pipelines: [pipeline], policy, wrap, port: 0, nodes: [...backends.keys()] },
        ...(browser === undefined ? {} : { tabs: { browser, names } }),
        say: (line) => console.log(line),
        startNode: (url, name) =>
          spawnBenchNode({
            ...{ url, name },
            options: [
              ...['--cache', cache, '--backend', backends.get(name)!, '--threads', '1', '--keep'],
              ...(measure ? ['--measure'] : []),
            ],
          }),
      }),
    async end() {
      await browser?.end()
      await caches.delete(cache)
    },
  }
}
