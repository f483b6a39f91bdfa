/**
 * Each variant on each backend of this machine, in Deno and in a tab of Chromium: how long one item
 * takes in the model, and whether all of them read the same text from the sample page.
 * @module
 */
import { editDistance } from '../../../profiles/ocr/score.ts'
import { type Adapter, adapterName, readAdapter } from '../../node/engine/adapter.ts'
import type { Backend } from '../../node/engine/engine.ts'
import type { InstanceSpec, WorkerAssets } from '../../node/engine/worker_api.ts'
import { codecAssetUrls } from '../../cli/serve/codec_assets.ts'
import { type LoadedPipeline, loadPipelines } from '../../cli/pipelines/load.ts'
import { hasNativeEngine, nativeEngine } from '../../cli/node/native_engine.ts'
import { OCR, SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { type Tab, withTab } from './browser.ts'
import { type EngineFigures, type EngineRequest, measureEngine } from './engine.ts'

const BEST_PATH = ['736x960', 'h32w480']
const SMALL_PATH = ['256x320', 'h16w400']

interface Column {
  name: string
  /** What it ran on, for a GPU. */
  adapter?: Adapter
  figures: EngineFigures
}

/** Prints a row a variant and a column a backend, then what each read. */
export async function benchBackends() {
  const [ocr] = await loadPipelines([OCR], () => {})
  if (ocr === undefined) throw new RangeError('Cannot bench: no pipeline')
  const columns = [...await columnsOfDeno(ocr), ...await columnsOfTab(ocr)]
  const [reference] = columns
  const names = Object.keys(reference!.figures.latencyMs)
  const rows = names.map((variant) => ({
    variant,
    ...Object.fromEntries(
      columns.map(({ name, figures }) => [name, rounded(figures.latencyMs[variant])]),
    ),
  }))
  console.log('median ms of one item, the model alone')
  console.table(rows)
  const onGpu = columns.filter(({ adapter }) => adapter !== undefined)
  const loads = onGpu.flatMap(({ name, figures }) =>
    Object.entries(figures.loadMs).map(([variant, ms]) => ({ name, variant, loadMs: rounded(ms) }))
  )
  if (loads.length > 0) {
    console.log('ms until a variant is warm, shaders being compiled')
    console.table(loads)
  }
  const agreement = columns.slice(1).flatMap(({ name, figures }) =>
    Object.entries(figures.texts).map(([path, text]) => {
      const expected = reference!.figures.texts[path]!
      const edits = editDistance(expected, text)
      return { name, path, characters: expected.length, edits, rate: edits / expected.length }
    })
  )
  console.log(`text of the sample page against ${reference!.name}`)
  console.table(agreement)
  const adapters = onGpu.map(({ name, adapter }) => ({ name, ...adapter! }))
  for (const { name, adapter } of onGpu) console.log(`${name}: ${describe(adapter!)}`)
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

async function columnsOfTab(ocr: LoadedPipeline): Promise<Column[]> {
  const columns = await withTab(ocr, async ({ adapter, measure }: Tab) => {
    const columns: Column[] = []
    for (const threads of [1, 2]) {
      const figures = await measure(requestFor(ocr, 'wasm', threads))
      columns.push({ name: threads === 1 ? 'tab wasm' : `tab wasm x${threads}`, figures })
    }
    if (adapter === undefined) {
      console.log('webgpu in a tab: no adapter')
    } else {
      const figures = await measure(requestFor(ocr, 'webgpu', 1, adapter.software))
      columns.push({ name: 'tab webgpu', adapter, figures })
    }
    return columns
  })
  if (columns === undefined) {
    console.log('tab: not measured, no Chromium (apt-get install chromium)')
  }
  return columns ?? []
}

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

const rounded = (ms: number | undefined) => ms === undefined ? null : Math.round(ms * 10) / 10
