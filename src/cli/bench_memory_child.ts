/**
 * The measured half of `deno task bench memory`: a process with one inference worker, which loads
 * what it is told and says after each step how much memory the process takes.
 *
 * @module
 */
import { createCatalog, keyOf, nameOf } from '../node/catalog.ts'
import { systemClock } from '../node/clock.ts'
import { PLAIN_USE } from '../node/engine/engine.ts'
import { createWorkerClient } from '../node/worker_client.ts'
import { PROTOCOL_VERSION, type Welcome } from '../protocol/messages.ts'
import { codecAssetUrls } from './codec_assets.ts'
import { loadPipelines } from './load_pipelines.ts'

export interface MemoryStep {
  /** What was done last. */
  step: string
  /** Resident memory of the process, in bytes. */
  rss: number
}

const LIMIT_MS = 60_000
const { gc } = globalThis as { gc?: () => void }
const steps: MemoryStep[] = []

/** After what is garbage has gone: the highest of a settled process is the same again and again. */
async function note(step: string): Promise<void> {
  for (let i = 0; i < 3; i++) {
    gc?.()
    await new Promise((done) => setTimeout(done, 50))
  }
  steps.push({ step, rss: Deno.memoryUsage().rss })
}

/** `+KEY` loads, `*KEY` runs eight at once, `-KEY` unloads. */
const [dir = '', ...actions] = Deno.args
const [loaded] = await loadPipelines([dir], () => {})
const { pipeline, models } = loaded!
const welcome: Welcome = {
  ...{ type: 'welcome', protocol: PROTOCOL_VERSION, modelPath: '', heartbeatMs: 0 },
  pipelines: [pipeline as Welcome['pipelines'][number]],
  models: { [pipeline.name]: models },
}
const catalog = createCatalog(welcome)
const files = new Map(Object.values(models).map(({ sha256, file }) => [sha256, file]))
await note('process')
const worker = new Worker(new URL('../../workers/inference.ts', import.meta.url), {
  type: 'module',
})
const client = createWorkerClient(worker, { clock: systemClock })
const assets = { codecs: codecAssetUrls() }
await client.init(assets, { ...PLAIN_USE, backend: 'wasm', threads: 1 }, LIMIT_MS)
await note('engine')
for (const action of actions) {
  const name = nameOf(action.slice(1))
  const key = keyOf(name)
  const spec = catalog.spec(name)
  if (action.startsWith('+')) {
    const needs = await client.needs(spec.hash)
    const bytes = needs.ok && needs.value ? await Deno.readFile(files.get(spec.hash)!) : undefined
    const answer = await client.load(spec, bytes, LIMIT_MS)
    if (!answer.ok) throw new Error(answer.message)
  } else if (action.startsWith('*')) {
    await client.measure(key, 8, LIMIT_MS)
  } else await client.unload(key)
  await note(action)
}
client.close()
await note('worker ended')
console.log(JSON.stringify(steps))
Deno.exit(0)
