/** Engines in a tab of Chromium: WebAssembly with one thread and with two, WebGPU. @module */
import type { Adapter } from '../../node/engine/adapter.ts'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { findChromium, launchChromium } from '../../cli/chromium.ts'
import { startCoordinator } from '../../cli/serve/coordinator.ts'
import type { LoadedPipeline } from '../../cli/pipelines/load.ts'
import { SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import type { EngineFigures, EngineRequest } from './engine.ts'
import type { tab } from './tab.ts'

export interface Tab {
  /** What WebGPU offers here, if anything. */
  adapter: Adapter | undefined
  measure(request: EngineRequest): Promise<EngineFigures>
}

/** Runs `use` with an isolated tab of a coordinator without nodes; nothing where no Chromium is. */
export async function withTab<T>(
  pipeline: LoadedPipeline,
  use: (tab: Tab) => Promise<T>,
): Promise<T | undefined> {
  const executable = await findChromium()
  if (executable === undefined) return undefined
  const assets = await buildAssets({ pages: { '/bench': 'src/bench/backends/tab.ts' } })
  assets.set('/bench/page.jpg', { body: await Deno.readFile(SAMPLE_PAGE), type: 'image/jpeg' })
  const coordinator = startCoordinator({ pipelines: [pipeline], port: 0, assets })
  const browser = await launchChromium(executable, { webgpu: true })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(0)
    await page.goto(`${coordinator.url}/bench`)
    type Scope = { tab: typeof tab }
    return await use({
      adapter: await page.evaluate(() => (globalThis as unknown as Scope).tab.adapter()),
      measure: (request) =>
        page.evaluate((request) => (globalThis as unknown as Scope).tab.measure(request), request),
    })
  } finally {
    await browser.close()
    await coordinator.close(1000)
  }
}
