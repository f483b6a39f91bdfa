/**
 * The measured half of `deno task bench wake`: a process that brings up one inference worker on the
 * backend it is told, with all variants in it, models read from disk as a node's cache would.
 *
 * @module
 */
import { bringUp } from '../../node/slot/bring_up.ts'
import { keyOf } from '../../node/models/catalog.ts'
import { systemClock } from '../../node/clock.ts'
import type { Backend } from '../../node/engine/engine.ts'
import { loadOrder } from '../../policy/place/load_order.ts'
import { shapesOf } from '../../policy/core/graph.ts'
import { codecAssetUrls } from '../../cli/serve/codec_assets.ts'
import { endWithStarter } from '../../cli/tied.ts'
import { nativeEngine } from '../../cli/node/native_engine.ts'
import { done, readCatalog, residentBytes } from '../engine_child.ts'

/** Megabytes resident, and seconds from the making of the worker. */
export interface Woken {
  processMb: number
  allWarmMb: number
  afterBatchesMb: number
  /** Until the first variant of each task is warm: what can be answered with. */
  firstOfEachTaskS: number
  allWarmS: number
}

const LIMIT_MS = 240_000
/** One of each variant, so that what a run takes is there. */
const BATCH = 1
const [dir = '', backend = 'wasm'] = Deno.args as [string, Backend]
void endWithStarter()

const residentMb = async () => Math.round(await residentBytes() / 1e6)

const { pipeline, catalog, files } = await readCatalog(dir)
const order = loadOrder(shapesOf([pipeline]).variants).map(({ ref }) => ref)
const ort = backend === 'native'
  ? { ort: { native: { module: await nativeEngine(() => {}) } } }
  : {}
const processMb = await residentMb()

const startMs = performance.now()
const up = await bringUp({
  clock: systemClock,
  assets: { codecs: codecAssetUrls(), ...ort },
  createWorker: () =>
    new Worker(new URL('../../../workers/inference.ts', import.meta.url), { type: 'module' }),
  engine: { backend, threads: 1 },
  specs: order.map((ref) => catalog.spec(ref)),
  fetchModel: ({ hash }) => Deno.readFile(files.get(hash)!),
  maxLoadMs: LIMIT_MS,
})
if (!up.ok) throw new Error(up.message)
const allWarmS = (performance.now() - startMs) / 1000
const { client, held } = up.value
// Loads come one after another, so what came after the first of each task is known.
const tasks = new Set(order.map(({ task }) => task)).size
const later = held.slice(tasks).reduce((sum, { loadMs }) => sum + loadMs, 0) / 1000
const allWarmMb = await residentMb()
for (const ref of order) await done(client.measure(keyOf(ref), BATCH, LIMIT_MS))
const woken: Woken = {
  processMb,
  allWarmMb,
  afterBatchesMb: await residentMb(),
  firstOfEachTaskS: allWarmS - later,
  allWarmS,
}
console.log(JSON.stringify(woken))
client.close()
Deno.exit(0)
