/**
 * The measured half of `deno task bench memory`: a process with one inference worker, which loads
 * what it is told and says after each step how much memory the process takes.
 * @module
 */
import { createCatalog, keyOf, nameOf } from '../../node/models/catalog.ts'
import { systemClock } from '../../node/clock.ts'
import type { Answer } from '../../node/engine/answer.ts'
import { PLAIN_USE } from '../../node/engine/engine.ts'
import { createWorkerClient } from '../../node/slot/worker_client.ts'
import { PROTOCOL_VERSION, type Welcome } from '../../protocol/messages.ts'
import { loadPipeline } from '../../cli/pipelines/load.ts'
import { codecAssetUrls } from '../../cli/serve/codec_assets.ts'
import { endWithStarter } from '../../cli/tied.ts'
import { pause } from '../tools.ts'

const LIMIT_MS = 60_000
const { gc } = globalThis as { gc?: () => void }
/** Resident bytes of the process after each step. */
const steps: { [step: string]: number } = {}

/** After what is garbage has gone: of a settled process the same again and again. */
async function note(step: string): Promise<void> {
  for (let i = 0; i < 3; i++) {
    gc?.()
    await pause(50)
  }
  steps[step] = Deno.memoryUsage().rss
}

/** What a worker answered. @throws Error where it could not: memory of what did not run says nothing */
async function done<T>(asked: Promise<Answer<T>>): Promise<T> {
  const answer = await asked
  if (!answer.ok) throw new Error(`Cannot bench: ${answer.message}`)
  return answer.value
}

const [dir = '', ...keys] = Deno.args
void endWithStarter()
const { pipeline, models } = await loadPipeline(dir, () => {})
const welcome: Welcome = {
  ...{ type: 'welcome', protocol: PROTOCOL_VERSION, modelPath: '', heartbeatMs: 0 },
  ...{ pipelines: [pipeline as Welcome['pipelines'][number]], models: { [pipeline.name]: models } },
}
const catalog = createCatalog(welcome)
const files = new Map(Object.values(models).map(({ sha256, file }) => [sha256, file]))
await note('process')
const worker = new Worker(new URL('../../../workers/inference.ts', import.meta.url), {
  type: 'module',
})
const client = createWorkerClient(worker, { clock: systemClock })
const assets = { codecs: codecAssetUrls() }
await done(client.init(assets, { ...PLAIN_USE, backend: 'wasm', threads: 1 }, LIMIT_MS))
for (const key of keys) {
  const name = nameOf(key)
  const spec = catalog.spec(name)
  const needs = await done(client.needs(spec.hash))
  const bytes = needs ? await Deno.readFile(files.get(spec.hash)!) : undefined
  await done(client.load(spec, bytes, LIMIT_MS))
  await note(`${key}, loaded`)
  // As many at once as there may be.
  await done(client.measure(keyOf(name), 8, LIMIT_MS))
  await note(`${key}, run`)
}
client.close()
await note('worker ended')
console.log(JSON.stringify(steps))
Deno.exit(0)
