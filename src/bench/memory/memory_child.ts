/**
 * The measured half of `deno task bench memory`: a process with one inference worker, which loads
 * what it is told and says after each step how much memory the process takes.
 * @module
 */
import { keyOf, nameOf } from '../../node/models/catalog.ts'
import { systemClock } from '../../node/clock.ts'
import { PLAIN_USE } from '../../node/engine/engine.ts'
import { createWorkerClient } from '../../node/slot/worker_client.ts'
import { codecAssetUrls } from '../../cli/serve/codec_assets.ts'
import { endWithStarter } from '../../cli/tied.ts'
import { done, readCatalog, residentBytes } from '../engine_child.ts'

export interface MemoryStep {
  /** What was done last. */
  step: string
  /** Resident memory of the process, in bytes. */
  rss: number
}

const LIMIT_MS = 60_000
const steps: MemoryStep[] = []

async function note(step: string): Promise<void> {
  steps.push({ step, rss: await residentBytes() })
}

/** `+KEY` loads, `*KEY` runs eight at once, `-KEY` unloads. */
const [dir = '', ...actions] = Deno.args
void endWithStarter()
const { catalog, files } = await readCatalog(dir)
await note('process')
const worker = new Worker(new URL('../../../workers/inference.ts', import.meta.url), {
  type: 'module',
})
const client = createWorkerClient(worker, { clock: systemClock })
const assets = { codecs: codecAssetUrls() }
await done(client.init(assets, { ...PLAIN_USE, backend: 'wasm', threads: 1 }, LIMIT_MS))
await note('engine')
for (const action of actions) {
  const name = nameOf(action.slice(1))
  const key = keyOf(name)
  const spec = catalog.spec(name)
  if (action.startsWith('+')) {
    const needs = await done(client.needs(spec.hash))
    const bytes = needs ? await Deno.readFile(files.get(spec.hash)!) : undefined
    await done(client.load(spec, bytes, LIMIT_MS))
  } else if (action.startsWith('*')) {
    await done(client.measure(key, 8, LIMIT_MS))
  } else await done(client.unload(key))
  await note(action)
}
client.close()
await note('worker ended')
console.log(JSON.stringify(steps))
Deno.exit(0)
