/**
 * Each variant on each backend of this machine: how long one item takes in the model, and whether
 * the backends read the same text from the sample page.
 *
 * @module
 */
import { editDistance } from '../../profiles/ocr/score.ts'
import { bringUp } from '../node/bring_up.ts'
import { systemClock } from '../node/clock.ts'
import { adapterName, readAdapter } from '../node/engine/adapter.ts'
import type { Backend } from '../node/engine/engine.ts'
import type { InstanceSpec, WorkerAssets } from '../node/engine/worker_api.ts'
import type { WorkerClient } from '../node/worker_client.ts'
import { codecAssetUrls } from './codec_assets.ts'
import { type LoadedPipeline, loadPipelines } from './load_pipelines.ts'
import { hasNativeEngine, nativeEngine } from './native_engine.ts'
import { OCR, SAMPLE_PAGE } from './serving.ts'
import { median } from './statistics.ts'

/** What a software adapter gets through in reasonable time. */
const SMALL = ['256x320', 'h16w400', 'h24w384']
const BEST_PATH = ['736x960', 'h48w480']
const SMALL_PATH = ['256x320', 'h16w400']
const MOST_MS = 120_000
/** As the node's profiler has it: below this WebAssembly is still being recompiled. */
const WARM_RUNS = 20
const WARM_MS = 3000
const TIMED_RUNS = 10
const TIMED_MS = 10_000

/** Prints a row a variant; times are medians in ms of one item, model alone, one thread. */
export async function benchBackends() {
  const [ocr] = await loadPipelines([OCR], () => {})
  if (ocr === undefined) throw new RangeError('Cannot bench: no pipeline')
  const names = Object.values(ocr.pipeline.tasks).flatMap((task) => Object.keys(task.variants))
  const wasm = await measureOn(ocr, 'wasm', names, [BEST_PATH, SMALL_PATH])
  const native = await hasNativeEngine()
    ? await measureOn(ocr, 'native', names, [BEST_PATH, SMALL_PATH])
    : undefined
  if (native === undefined) {
    console.log('native: not measured, never fetched (deno task node --backend native fetches it)')
  }
  const adapter = await readAdapter()
  const webgpu = adapter === undefined
    ? undefined
    : await measureOn(ocr, 'webgpu', adapter.software ? SMALL : names, [SMALL_PATH])
  console.log(`webgpu: ${adapter === undefined ? 'no adapter here' : adapterName(adapter)}`)
  const rows = names.map((variant) => ({
    variant,
    wasmMs: rounded(wasm.latencyMs[variant]),
    nativeMs: rounded(native?.latencyMs[variant]),
    webgpuMs: rounded(webgpu?.latencyMs[variant]),
    webgpuLoadMs: rounded(webgpu?.loadMs[variant]),
  }))
  console.table(rows)
  const agreement = [native, webgpu].flatMap((other) =>
    other === undefined ? [] : Object.entries(other.texts).map(([path, text]) => ({
      backend: other.backend,
      path,
      characters: wasm.texts[path]!.length,
      editsFromWasm: editDistance(wasm.texts[path]!, text),
    }))
  )
  console.table(agreement)
  return { adapter: adapter ?? null, rows, agreement }
}

interface Measured {
  backend: Backend
  latencyMs: Record<string, number>
  loadMs: Record<string, number>
  /** What was read from the page, by path. */
  texts: Record<string, string>
}

async function measureOn(
  ocr: LoadedPipeline,
  backend: Backend,
  variants: readonly string[],
  paths: readonly string[][],
): Promise<Measured> {
  const specs = specsOf(ocr, variants)
  const ort: WorkerAssets['ort'] = backend === 'native'
    ? { native: { module: await nativeEngine(() => {}) } }
    : {}
  const up = await bringUp({
    clock: systemClock,
    assets: { codecs: codecAssetUrls(), ort },
    createWorker: () =>
      new Worker(new URL('../../workers/inference.ts', import.meta.url), { type: 'module' }),
    engine: { backend, threads: 1 },
    specs: [...specs.values()],
    fetchModel: ({ variant }) => Deno.readFile(ocr.models[variant.model ?? '']!.file),
    maxLoadMs: MOST_MS,
  })
  if (!up.ok) throw new Error(`Cannot bench ${backend}: ${up.message}`)
  const { client, held } = up.value
  const latencyMs: Record<string, number> = {}
  for (const [name, { key }] of specs) latencyMs[name] = await latencyOf(client, key)
  const texts: Record<string, string> = {}
  for (const [detector = '', recogniser = ''] of paths) {
    texts[`${detector} > ${recogniser}`] = await readPage(
      client,
      specs.get(detector)!,
      specs.get(recogniser)!,
    )
  }
  client.close()
  const loadMs = Object.fromEntries(held.map(({ spec, loadMs }) => [nameIn(spec), loadMs]))
  return { backend, latencyMs, loadMs, texts }
}

const nameIn = ({ key }: InstanceSpec) => key.split('/').at(-1)!

function specsOf({ pipeline, models }: LoadedPipeline, variants: readonly string[]) {
  const specs = new Map<string, InstanceSpec>()
  for (const [taskName, task] of Object.entries(pipeline.tasks)) {
    for (const [name, variant] of Object.entries(task.variants)) {
      if (!variants.includes(name)) continue
      const key = `${pipeline.name}/${taskName}/${name}`
      const hash = models[variant.model ?? '']!.sha256
      specs.set(name, { key, task, variant, next: task.next, hash })
    }
  }
  return specs
}

async function latencyOf(client: WorkerClient, key: string): Promise<number> {
  const once = async () => {
    const answer = await client.measure(key, 1, MOST_MS)
    if (!answer.ok) throw new Error(`Cannot bench ${key}: ${answer.message}`)
    return answer.value.runMs
  }
  const warmFromMs = performance.now()
  for (let run = 0; run < WARM_RUNS && performance.now() - warmFromMs < WARM_MS; run++) await once()
  const timesMs: number[] = []
  const fromMs = performance.now()
  while (timesMs.length < TIMED_RUNS && performance.now() - fromMs < TIMED_MS) {
    timesMs.push(await once())
  }
  return median(timesMs)
}

async function readPage(client: WorkerClient, detect: InstanceSpec, recognise: InstanceSpec) {
  const page = { meta: { type: 'image/jpeg' }, bytes: await Deno.readFile(SAMPLE_PAGE) }
  const found = await client.run(detect.key, [page], 'raw', MOST_MS)
  if (!found.ok) throw new Error(`Cannot bench: ${found.message}`)
  const [result] = found.value.results
  const crops = result?.ok ? Object.values(result.children).flat() : []
  const lines: string[] = []
  for (const crop of crops) {
    const read = await client.run(recognise.key, [crop], 'raw', MOST_MS)
    if (!read.ok) throw new Error(`Cannot bench: ${read.message}`)
    const [line] = read.value.results
    if (line?.ok && line.fields !== null) lines.push(String(line.fields['text']))
  }
  return lines.join('\n')
}

const rounded = (ms: number | undefined) => ms === undefined ? null : Math.round(ms * 10) / 10
