/**
 * A node's place in a browser: a dedicated worker of a page, which starts more workers.
 *
 * @module
 */
import { type AssetPaths, workerAssets } from './assets.ts'
import { sharesMemory } from './engine/shared_memory.ts'
import type { Host, NodeStorage } from './host.ts'
import type { PageSignals } from './limits/signals.ts'

export interface BrowserHostOptions {
  /** The coordinator that the page came from. */
  base: string
  paths: AssetPaths
  /** The page's: a worker has no local storage of its own. */
  storage: NodeStorage
  signals: PageSignals
  /** Name of the model cache. */
  cache?: string
}

/** What a browser may lack, by what it is good for. */
export interface BrowserFacts {
  /** Pages of `https` and of this machine are given everything; others lack what follows. */
  secure: boolean
  /** WebAssembly may share memory between threads. */
  threads: boolean
  webgpu: boolean
  cache: boolean
  /** Hashing by the browser itself. */
  hashing: boolean
  processors: number
}

export function browserFacts(): BrowserFacts {
  return {
    secure: globalThis.isSecureContext === true,
    threads: sharesMemory(),
    webgpu: 'gpu' in navigator,
    cache: 'caches' in globalThis,
    hashing: globalThis.crypto?.subtle !== undefined,
    processors: Math.max(1, navigator.hardwareConcurrency ?? 1),
  }
}

/** All that a volunteer may lend: on an insecure origin there is no telling workers apart. */
export const mostProcessors = ({ secure, processors }: BrowserFacts): number =>
  secure ? processors : 1

/** What suits unless a volunteer says otherwise: half the processors, and one left for the page. */
export const usableProcessors = ({ secure, processors }: BrowserFacts): number =>
  secure ? Math.max(1, Math.min(processors >> 1, processors - 1)) : 1

/** Name of the cache that models stay in. */
export const MODEL_CACHE = 'shoal-models'

/** Share of a device's memory that a tab takes: browsers end tabs that want much. */
const MEMORY_SHARE = 0.25

/** What a tab of this device may take, in bytes; `undefined` where the browser does not tell. */
export function offeredMemory(): number | undefined {
  const gigabytes = (navigator as { deviceMemory?: number }).deviceMemory
  return gigabytes === undefined ? undefined : Math.floor(gigabytes * 1024 ** 3 * MEMORY_SHARE)
}

export function createBrowserHost(options: BrowserHostOptions): Host {
  const inference = new URL(options.paths.inference, options.base)
  const memoryBytes = offeredMemory()
  return {
    runtime: 'browser',
    threads: mostProcessors(browserFacts()),
    sharesMemory: sharesMemory(),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    assets: {
      ...workerAssets(options.paths, options.base),
      code: new URL('/code/', options.base).href,
    },
    createWorker: () => new Worker(inference, { type: 'module', name: 'shoal inference' }),
    storage: options.storage,

    async openCache() {
      try {
        return await caches.open(options.cache ?? MODEL_CACHE)
      } catch {
        return undefined
      }
    },

    async roomBytes() {
      const { quota, usage } = await navigator.storage.estimate()
      return quota === undefined ? undefined : quota - (usage ?? 0)
    },

    onExit: (leave) =>
      options.signals.subscribe((signal) => {
        if (signal.type === 'leave') leave(signal.why)
      }),
  }
}
