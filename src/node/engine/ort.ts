/**
 * Brings up ONNX Runtime once in this realm.
 *
 * Its settings freeze with the first session and a failed start cannot be tried again in the same
 * realm, so there is one place that does it, and a new worker is the only second try.
 *
 * @module
 */
import type * as Ort from 'onnxruntime-web/wasm'
import { EngineError } from './answer.ts'
import type { EngineAssets } from './engine.ts'

export type OrtModule = typeof Ort

let started: Promise<OrtModule> | undefined

/**
 * The runtime, set to one thread: several one-thread workers beat threads inside one (and Deno
 * cannot start them from this build).
 *
 * @throws EngineError `init_failed`
 */
export function startOrt(assets: EngineAssets = {}): Promise<OrtModule> {
  started ??= importOrt(assets).catch((error: unknown) => {
    throw new EngineError('init_failed', `Cannot start the engine: ${error}`, { cause: error })
  })
  return started
}

async function importOrt(assets: EngineAssets): Promise<OrtModule> {
  if (typeof WebAssembly === 'undefined') throw new Error('this runtime has no WebAssembly')
  const scope = globalThis as { process?: { type?: string }; location?: Location }
  if (assets.ortWasm?.startsWith('http') && scope.process !== undefined) {
    // The glue takes Deno for Node and would look for its file on disk, next to an http URL.
    scope.process.type = 'renderer'
  }
  const ort = await withUsableOrigin(() => import('onnxruntime-web/wasm'))
  ort.env.wasm.numThreads = 1
  ort.env.logLevel = 'error'
  if (assets.ortWasm !== undefined) ort.env.wasm.wasmPaths = { wasm: assets.ortWasm }
  return ort
}

/**
 * The module resolves its own URL against `location.origin` while it loads. In a worker started
 * from a file that is the text "null", no base at all, and loading would throw.
 */
async function withUsableOrigin<T>(load: () => Promise<T>): Promise<T> {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'location')
  if (own?.configurable !== true || globalThis.location?.origin !== 'null') return await load()
  Object.defineProperty(globalThis, 'location', { value: undefined, configurable: true })
  try {
    return await load()
  } finally {
    Object.defineProperty(globalThis, 'location', own)
  }
}
