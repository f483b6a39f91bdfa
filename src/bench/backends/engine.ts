/**
 * One engine under the clock: each variant's latency, and the text it reads from a page. The same
 * code in Deno and in a browser's tab, around the inference worker as shipped.
 * @module
 */
import { bringUp } from '../../node/slot/bring_up.ts'
import { createPace } from '../../node/slot/pace.ts'
import { systemClock } from '../../node/clock.ts'
import type { EngineUse } from '../../node/engine/engine.ts'
import type { InstanceSpec, WorkerAssets } from '../../node/engine/worker_api.ts'
import { warmUp } from '../../node/backend/trial.ts'
import type { WorkerClient } from '../../node/slot/worker_client.ts'
import { median } from '../../cli/statistics.ts'

/** Plain data: it travels to a tab and back. */
export interface EngineRequest {
  use: EngineUse
  /** By the variant's name. */
  specs: Record<string, InstanceSpec>
  /** Detector and recogniser of each reading. */
  paths: string[][]
}

export interface EngineFigures {
  /** Medians in ms of one item, model alone, warm. */
  latencyMs: Record<string, number>
  /** From asking for a variant until it is warm. */
  loadMs: Record<string, number>
  /** What was read from the page, by path. */
  texts: Record<string, string>
}

export interface EnginePlace {
  assets: WorkerAssets
  createWorker(): Worker
  fetchModel(spec: InstanceSpec): Promise<Uint8Array>
  /** The page to read, a JPEG. */
  page: Uint8Array
}

export const pathName = (path: readonly string[]): string => path.join(' > ')

const MOST_MS = 120_000
const TIMED_RUNS = 10
const TIMED_MS = 5000

/** @throws Error where anything fails: half a table helps nobody */
export async function measureEngine(
  { use, specs, paths }: EngineRequest,
  place: EnginePlace,
): Promise<EngineFigures> {
  const up = await bringUp({
    ...{ clock: systemClock, engine: use, specs: Object.values(specs), maxLoadMs: MOST_MS },
    assets: place.assets,
    createWorker: () => place.createWorker(),
    fetchModel: (spec) => place.fetchModel(spec),
  })
  if (!up.ok) throw new Error(`Cannot bench ${use.backend}: ${up.message}`)
  const { client, held } = up.value
  const figures: EngineFigures = { latencyMs: {}, loadMs: {}, texts: {} }
  for (const { spec, loadMs } of held) figures.loadMs[nameIn(spec)] = loadMs
  for (const [name, { key }] of Object.entries(specs)) {
    figures.latencyMs[name] = await latencyOf(client, key)
  }
  for (const path of paths) {
    const [detect, recognise] = path.map((name) => specs[name]!)
    figures.texts[pathName(path)] = await readPage(client, place.page, detect!, recognise!)
  }
  client.close()
  return figures
}

const nameIn = ({ key }: InstanceSpec) => key.split('/').at(-1)!

async function latencyOf(client: WorkerClient, key: string): Promise<number> {
  const once = () => client.measure(key, 1, MOST_MS)
  await warmUp(createPace(systemClock, () => 1, () => true), once)
  const timesMs: number[] = []
  const fromMs = performance.now()
  while (timesMs.length < TIMED_RUNS && performance.now() - fromMs < TIMED_MS) {
    const answer = await once()
    if (!answer.ok) throw new Error(`Cannot bench ${key}: ${answer.message}`)
    timesMs.push(answer.value.runMs)
  }
  return median(timesMs)
}

async function readPage(
  client: WorkerClient,
  bytes: Uint8Array,
  detect: InstanceSpec,
  recognise: InstanceSpec,
): Promise<string> {
  // Its memory moves to the worker.
  const page = { meta: { type: 'image/jpeg' }, bytes: bytes.slice() }
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
