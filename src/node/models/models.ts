/**
 * Models by content hash: from memory, from the cache, from the coordinator; verified each time
 * they enter memory.
 *
 * @module
 */
import { type Clock, pause } from '../clock.ts'
import { download, DownloadError, type OnProgress } from './download.ts'
import { createModelCache, MAX_CACHED } from './model_cache.ts'
import { sha256Hex } from './sha256.ts'

export interface ModelRef {
  sha256: string
  bytes: number
}

export interface ModelStoreOptions {
  clock: Clock
  fetch?: typeof fetch
  /** Where they stay between starts. */
  cache?: Cache | undefined
  /** What may stay there at most. */
  diskBytes?: number | undefined
  /** Room left on disk, where that is known. */
  roomBytes?(): Promise<number | undefined>
  /** Whether a model that is not here may be downloaded; asked each time. */
  mayFetch?(sha256: string): boolean
  /** A model was downloaded. */
  onFetched?(sha256: string): void
  /** What is held in memory at most, least recently used first out; slots share it. */
  memoryBytes?: number
  /** Tries of a download, the first included. */
  tries?: number
  /** Wait before the second try; doubles with each. */
  retryMs?: number
  onWarning?(message: string): void
}

export interface ModelStore {
  /**
   * The bytes, which must not be transferred or changed; asked for twice, fetched once.
   *
   * @param base URL that the hash is appended to
   * @throws DownloadError when the coordinator does not have it, or not these bytes
   */
  get(ref: ModelRef, base: string, onProgress?: OnProgress): Promise<Uint8Array<ArrayBuffer>>
  /** Hashes in memory and in the cache, the latter not verified. */
  cached(): Promise<string[]>
}

export function createModelStore(options: ModelStoreOptions): ModelStore {
  const { clock } = options
  const fetchUrl = options.fetch ?? fetch
  const tries = options.tries ?? 4
  const memoryBytes = options.memoryBytes ?? 64 * 1024 * 1024
  const memory = new Map<string, Uint8Array<ArrayBuffer>>()
  const underWay = new Map<string, Promise<Uint8Array<ArrayBuffer>>>()
  const warn = options.onWarning ?? (() => {})
  const disk = createModelCache({
    cache: options.cache,
    budgetBytes: options.diskBytes,
    ...(options.roomBytes === undefined ? {} : { roomBytes: options.roomBytes }),
    onWarning: warn,
  })

  function remember(hash: string, bytes: Uint8Array<ArrayBuffer>): void {
    memory.delete(hash)
    memory.set(hash, bytes)
    let held = 0
    for (const kept of memory.values()) held += kept.byteLength
    for (const [oldest, kept] of memory) {
      if (held <= memoryBytes) break
      memory.delete(oldest)
      held -= kept.byteLength
    }
  }

  async function fetchVerified(ref: ModelRef, base: string, onProgress: OnProgress) {
    for (let attempt = 1;; attempt++) {
      try {
        const bytes = await download(fetchUrl, clock, base + ref.sha256, ref.bytes, onProgress)
        const received = await sha256Hex(bytes)
        if (received === ref.sha256) return bytes
        throw new DownloadError(
          `Cannot use model ${ref.sha256}: received bytes of hash ${received}`,
          false,
        )
      } catch (error) {
        const permanent = !(error instanceof DownloadError) || error.permanent
        if (permanent || attempt >= tries) throw error
        warn(`${error.message}; trying again`)
        await pause(clock, (options.retryMs ?? 500) * 2 ** (attempt - 1))
      }
    }
  }

  async function bring(ref: ModelRef, base: string, onProgress: OnProgress) {
    let bytes = await disk.get(ref.sha256)
    if (bytes === undefined) {
      if (options.mayFetch?.(ref.sha256) === false) {
        throw new DownloadError(
          `Cannot get model ${ref.sha256}: on this link it is not to be downloaded`,
          true,
        )
      }
      bytes = await fetchVerified(ref, base, onProgress)
      await disk.put(ref.sha256, bytes)
      options.onFetched?.(ref.sha256)
    }
    remember(ref.sha256, bytes)
    return bytes
  }

  return {
    get(ref, base, onProgress = () => {}) {
      const held = memory.get(ref.sha256)
      if (held !== undefined) {
        remember(ref.sha256, held)
        return Promise.resolve(held)
      }
      let fetching = underWay.get(ref.sha256)
      if (fetching === undefined) {
        fetching = bring(ref, base, onProgress).finally(() => underWay.delete(ref.sha256))
        underWay.set(ref.sha256, fetching)
      }
      return fetching
    },

    cached: async () =>
      [...new Set([...memory.keys(), ...await disk.hashes()])].slice(0, MAX_CACHED),
  }
}
