/**
 * Entry point of the benchmark's page in a browser: measures an engine when the driver asks.
 * @module
 */
import { builtPaths, workerAssets } from '../../node/assets.ts'
import { readAdapter } from '../../node/engine/adapter.ts'
import { type EngineRequest, measureEngine } from './engine.ts'

async function bytesOf(path: string): Promise<Uint8Array> {
  const answer = await fetch(path)
  if (!answer.ok) throw new Error(`Cannot fetch ${path}: status ${answer.status}`)
  return new Uint8Array(await answer.arrayBuffer())
}

const paths = builtPaths()

/** What the driver calls. */
export const tab = {
  adapter: () => readAdapter(),
  measure: async (request: EngineRequest) =>
    await measureEngine(request, {
      assets: workerAssets(paths, location.origin),
      createWorker: () => new Worker(paths.inference, { type: 'module' }),
      fetchModel: ({ hash }) => bytesOf(`/models/${hash}`),
      page: await bytesOf('/bench/page.jpg'),
    }),
}

Object.assign(globalThis, { tab })
