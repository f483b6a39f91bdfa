/**
 * Each variant on each backend of this machine, in Deno and in a tab of Chromium: how long one item
 * takes in the model, and whether all of them read the same text from the sample page.
 * @module
 */
import { editDistance } from '../../../profiles/ocr/score.ts'
import { type Adapter, adapterName, readAdapter } from '../../node/engine/adapter.ts'
import type { Backend } from '../../node/engine/engine.ts'
import type { InstanceSpec, WorkerAssets } from '../../node/engine/worker_api.ts'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { codecAssetUrls } from '../../cli/serve/codec_assets.ts'
import { startCoordinator } from '../../cli/serve/coordinator.ts'
import { type LoadedPipeline, loadPipeline } from '../../cli/pipelines/load.ts'
import { hasNativeEngine, nativeEngine } from '../../cli/node/native_engine.ts'
import { OCR, SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { withChromium } from '../chromium.ts'
import { ending, round } from '../tools.ts'
import { type EngineFigures, type EngineRequest, measureEngine } from './engine.ts'
import type { tab } from './tab.ts'

const BEST_PATH = ['736x960', 'h32w480']
const SMALL_PATH = ['256x320', 'h16w400']

interface Column {
  name: string
  /** What it ran on, for a GPU. */
  adapter?: Adapter
  figures: EngineFigures
}

/** Prints a row a variant and a column a backend, then what each read. */
export async function bench() {
  const ocr = await loadPipeline(OCR, () => {})
  const columns = [...await columnsOfDeno(ocr), ...await columnsOfTab(ocr) ?? []]
  const { name: referenceName, figures: reference } = columns[0]!
  const rows = Object.keys(reference.latencyMs).map((variant) => {
    const ms = columns.map(({ name, figures: { latencyMs } }) => [
      ...[name, latencyMs[variant] === undefined ? null : round(latencyMs[variant], 1)] as const,
    ])
    return { variant, ...Object.fromEntries(ms) }
  })
  console.log('median ms of one item, the model alone')
  console.table(rows)
  const onGpu = columns.filter(({ adapter }) => adapter !== undefined)
  const loads = onGpu.flatMap(({ name, figures }) =>
    Object.entries(figures.loadMs).map(([variant, ms]) => ({ name, variant, loadMs: round(ms, 1) }))
  )
  if (loads.length > 0) {
    console.log('ms until a variant is warm, shaders being compiled')
    console.table(loads)
  }
  const agreement = columns.slice(1).flatMap(({ name, figures }) =>
    Object.entries(figures.texts).map(([path, text]) => {
      const truth = reference.texts[path]!
      return { name, path, characters: truth.length, edits: editDistance(truth, text) }
    })
  )
  console.log(`text of the sample page against ${referenceName}`)
  console.table(agreement)
  for (const { name, adapter } of onGpu) console.log(`${name}: ${describe(adapter!)}`)
  const adapters = onGpu.map(({ name, adapter }) => ({ name, ...adapter! }))
  return { rows, loads, agreement, adapters }
}

const describe = (adapter: Adapter): string =>
  `${adapterName(adapter)}; buffers to ${adapter.maxBufferSize} bytes, bindings to ` +
  `${adapter.maxStorageBufferBindingSize}, ${adapter.shaderF16 ? 'with' : 'without'} shader-f16`

async function columnsOfDeno(ocr: LoadedPipeline): Promise<Column[]> {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const measure = (request: EngineRequest, ort: WorkerAssets['ort'] = {}) =>
    measureEngine(request, {
      assets: { codecs: codecAssetUrls(), ort },
      createWorker: () =>
        new Worker(new URL('../../../workers/inference.ts', import.meta.url), { type: 'module' }),
      fetchModel: ({ variant }) => Deno.readFile(ocr.models[variant.model ?? '']!.file),
      page,
    })
  const columns: Column[] = [{ name: 'deno wasm', figures: await measure(requestFor(ocr, 'wasm')) }]
  if (await hasNativeEngine()) {
    const native = { module: await nativeEngine(() => {}) }
    const figures = await measure(requestFor(ocr, 'native'), { native })
    columns.push({ name: 'deno native', figures })
  } else {
    console.log('native: not measured, never fetched (deno task node --backend native fetches it)')
  }
  const adapter = await readAdapter()
  if (adapter === undefined) {
    console.log('webgpu in Deno: no adapter (without a GPU, apt-get install mesa-vulkan-drivers)')
  } else {
    const figures = await measure(requestFor(ocr, 'webgpu', 1, adapter.software))
    columns.push({ name: 'deno webgpu', adapter, figures })
  }
  return columns
}

/** In an isolated tab of a coordinator without nodes; nothing where no Chromium is. */
const columnsOfTab = (ocr: LoadedPipeline) =>
  withChromium(async (browser) => {
    const assets = await buildAssets({ pages: { '/bench': 'src/bench/backends/tab.ts' } })
    assets.set('/bench/page.jpg', { body: await Deno.readFile(SAMPLE_PAGE), type: 'image/jpeg' })
    const coordinator = startCoordinator({ pipelines: [ocr], port: 0, assets })
    await using _ = ending({ end: () => coordinator.close(1000) })
    const page = await browser.newPage()
    page.setDefaultTimeout(0)
    await page.goto(`${coordinator.url}/bench`)
    type Scope = { tab: typeof tab }
    const adapter = await page.evaluate(() => (globalThis as unknown as Scope).tab.adapter())
    const measure = (request: EngineRequest) =>
      page.evaluate((request) => (globalThis as unknown as Scope).tab.measure(request), request)
    const columns: Column[] = [
      { name: 'tab wasm', figures: await measure(requestFor(ocr, 'wasm')) },
      { name: 'tab wasm x2', figures: await measure(requestFor(ocr, 'wasm', 2)) },
    ]
    if (adapter === undefined) console.log('webgpu in a tab: no adapter')
    else {
      const figures = await measure(requestFor(ocr, 'webgpu', 1, adapter.software))
      columns.push({ name: 'tab webgpu', adapter, figures })
    }
    return columns
  }, { webgpu: true })

/** @param small only what a software adapter gets through in reasonable time */
function requestFor(
  { pipeline, models }: LoadedPipeline,
  backend: Backend,
  threads = 1,
  small = false,
): EngineRequest {
  const specs: Record<string, InstanceSpec> = {}
  for (const [taskName, task] of Object.entries(pipeline.tasks)) {
    for (const [name, variant] of Object.entries(task.variants)) {
      if (small && !SMALL_PATH.includes(name)) continue
      const key = `${pipeline.name}/${taskName}/${name}`
      const hash = models[variant.model ?? '']!.sha256
      specs[name] = { key, task, variant, next: task.next, hash }
    }
  }
  const paths = small ? [SMALL_PATH] : [BEST_PATH, SMALL_PATH]
  return { use: { backend, threads }, specs, paths }
}
