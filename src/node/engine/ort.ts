/**
 * Brings up a build of ONNX Runtime, each once in this realm.
 *
 * Its settings freeze with the first session and a failed start cannot be tried again in the same
 * realm, so there is one place that does it, and a new worker is the only second try.
 *
 * @module
 */
import type * as Ort from 'onnxruntime-web/wasm'
import { EngineError } from './answer.ts'
import { type Backend, type EngineAssets, type EngineUse, PLAIN_USE } from './engine.ts'
import { sharesMemory } from './shared_memory.ts'

export type OrtModule = typeof Ort

/** As package.json has it; what was measured with another version is measured again. */
export const ORT_VERSION = '1.30.0'

const started = new Map<Backend, Promise<OrtModule>>()

/**
 * The runtime for a backend.
 *
 * @throws EngineError `init_failed`
 */
export function startOrt(
  assets: EngineAssets = {},
  use: EngineUse = PLAIN_USE,
): Promise<OrtModule> {
  let ort = started.get(use.backend)
  if (ort === undefined) {
    ort = importOrt(assets, use).catch((error: unknown) => {
      throw new EngineError('init_failed', `Cannot start the ${use.backend} engine: ${error}`, {
        cause: error,
      })
    })
    started.set(use.backend, ort)
  }
  return ort
}

/**
 * Threads that a run of this backend can have here. WebAssembly shares its memory between threads
 * in an isolated page. It could in Deno, too, but Deno 2.9.6 does not end a thread that waits for
 * work: each worker that was ended would leave its threads and their memory behind.
 */
export function usableThreads({ backend, threads }: EngineUse): number {
  if (backend === 'native') return threads
  return backend === 'wasm' && sharesMemory() ? threads : 1
}

async function importOrt(assets: EngineAssets, use: EngineUse): Promise<OrtModule> {
  const files = assets.ort?.[use.backend]
  if (use.backend === 'native') {
    if (files === undefined) throw new Error('its module is not on this machine')
    return await import(files.module)
  }
  if (typeof WebAssembly === 'undefined') throw new Error('this runtime has no WebAssembly')
  const scope = globalThis as { process?: { type?: string } }
  if (files?.module.startsWith('http') && scope.process !== undefined) {
    // The glue takes Deno for Node and would look for its file on disk, next to an http URL.
    scope.process.type = 'renderer'
  }
  const ort = await withUsableOrigin(() => importWeb(use.backend, files?.module))
  ort.env.wasm.numThreads = usableThreads(use)
  ort.env.logLevel = 'error'
  if (files?.mjs !== undefined || files?.wasm !== undefined) {
    const { mjs, wasm } = files
    ort.env.wasm.wasmPaths = {
      ...(mjs === undefined ? {} : { mjs }),
      ...(wasm === undefined ? {} : { wasm }),
    }
  }
  return ort
}

function importWeb(backend: Backend, module: string | undefined): Promise<OrtModule> {
  if (module !== undefined) return import(module)
  return backend === 'webgpu' ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm')
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
