/**
 * Models on disk between starts, within a budget: those used longest ago make room.
 *
 * Several nodes of a device share the cache. Its order of use is a hint that any of them may
 * overwrite; what a model is worth is settled by its hash alone.
 *
 * @module
 */
import { sha256Hex } from './sha256.ts'

/** Hashes told of at most: half of what a hello may be. Here, since the join page carries no schemas. */
export const MAX_CACHED = 512

export interface ModelCacheOptions {
  cache: Cache | undefined
  /** Most bytes to keep. */
  budgetBytes?: number | undefined
  /** Room left for this origin, where the browser tells. */
  roomBytes?(): Promise<number | undefined>
  onWarning(message: string): void
}

export interface ModelCache {
  /** Verified; what is damaged is deleted and counts as absent. */
  get(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Never throws: a model that cannot be kept is loaded again next time. */
  put(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** Hashes of what is there, not verified. */
  hashes(): Promise<string[]>
}

/** Cache entries need a URL; the coordinator's would tie a model to one address. */
const BASE = 'https://models.invalid/sha256/'
/** Hashes, the one used longest ago first. */
const ORDER = 'https://models.invalid/order'
const SIZE = 'content-length'
const DEFAULT_BYTES = 1e9

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

/** Hashes of the models in a cache, not verified. */
export async function cachedHashes(cache: Cache): Promise<string[]> {
  // Deno's has no `keys` before 2.9.2: there what was used is looked for one by one.
  if (typeof cache.keys !== 'function') {
    const order = await readOrder(cache)
    const there = await Promise.all(order.map((sha256) => isThere(cache, sha256)))
    return order.filter((_, i) => there[i])
  }
  const keys = await cache.keys()
  return keys.map(({ url }) => url).filter((url) => url.startsWith(BASE))
    .map((url) => url.slice(BASE.length))
}

async function isThere(cache: Cache, sha256: string): Promise<boolean> {
  const response = await cache.match(BASE + sha256)
  await response?.body?.cancel()
  return response !== undefined
}

async function readOrder(cache: Cache): Promise<string[]> {
  try {
    const kept: unknown = await (await cache.match(ORDER))?.json()
    return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : []
  } catch {
    return []
  }
}

export function createModelCache(options: ModelCacheOptions): ModelCache {
  const { cache } = options
  const budgetBytes = options.budgetBytes ?? DEFAULT_BYTES
  /** Used since this start: they never make room, or a cycle through more than fits keeps nothing. */
  const used = new Set<string>()
  /** The budget may have been larger when they were put there. */
  let trimmed = false
  /** One change at a time. */
  let tail: Promise<unknown> = Promise.resolve()

  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const done = tail.then(task)
    tail = done.catch(() => {})
    return done
  }

  async function noteUse(sha256: string): Promise<void> {
    used.add(sha256)
    const order = (await readOrder(cache!)).filter((one) => one !== sha256)
    await cache!.put(ORDER, Response.json([...order, sha256].slice(-256)))
  }

  /** What is there with its size, used longest ago first; what nobody remembers is the oldest. */
  async function listed(): Promise<{ sha256: string; bytes: number }[]> {
    const order = await readOrder(cache!)
    const all = await Promise.all((await cachedHashes(cache!)).map(async (sha256) => {
      const response = await cache!.match(BASE + sha256)
      const size = Number(response?.headers.get(SIZE) ?? NaN)
      // A body that nobody reads would keep its file open.
      if (size >= 0) await response?.body?.cancel()
      // Of a version that wrote no size: read it once.
      const bytes = size >= 0 ? size : (await response?.arrayBuffer())?.byteLength ?? 0
      return { sha256, bytes }
    }))
    return all.sort((a, b) => order.indexOf(a.sha256) - order.indexOf(b.sha256))
  }

  /** Deletes until there is room. False where what is left must stay. */
  async function makeRoom(bytes: number): Promise<boolean> {
    const all = await listed()
    const free = await options.roomBytes?.().catch(() => undefined) ?? Infinity
    let over = Math.max(
      all.reduce((sum, one) => sum + one.bytes, bytes) - budgetBytes,
      bytes - free,
    )
    const leaving = []
    for (const one of all) {
      if (over <= 0) break
      if (used.has(one.sha256)) continue
      leaving.push(one)
      over -= one.bytes
    }
    // Nothing is deleted where that would not be enough.
    if (over > 0) return false
    for (const { sha256 } of leaving) await cache!.delete(BASE + sha256)
    return true
  }

  async function store(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const size = megabytes(bytes.byteLength)
    if (!await makeRoom(bytes.byteLength)) {
      options.onWarning(
        `No room on disk within ${megabytes(budgetBytes)} for a model of ${size}: it stays in ` +
          'memory, and is downloaded again next time',
      )
      return
    }
    const headers = { [SIZE]: String(bytes.byteLength) }
    await cache!.put(BASE + sha256, new Response(bytes, { headers }))
    await noteUse(sha256)
  }

  return {
    get: (sha256) =>
      inTurn(async () => {
        try {
          if (cache !== undefined && !trimmed) await makeRoom(0)
          trimmed = true
          const found = await cache?.match(BASE + sha256)
          if (found === undefined) return undefined
          const bytes = new Uint8Array(await found.arrayBuffer())
          if (await sha256Hex(bytes) === sha256) {
            await noteUse(sha256).catch(() => {})
            return bytes
          }
          await cache?.delete(BASE + sha256)
          options.onWarning(`Model ${sha256} was damaged in the cache and is fetched again`)
        } catch (error) {
          options.onWarning(`Cannot read the model cache: ${error}`)
        }
        return undefined
      }),
    put: (sha256, bytes) =>
      inTurn(async () => {
        if (cache === undefined) return
        try {
          await store(sha256, bytes)
        } catch (error) {
          // A full disk must not keep the node from serving.
          const full = error instanceof DOMException && error.name === 'QuotaExceededError'
          options.onWarning(
            `Cannot keep a model of ${megabytes(bytes.byteLength)} on disk: it stays in memory, ` +
              `and is downloaded again next time (${
                full ? 'the disk or its quota is full' : error
              })`,
          )
        }
      }),
    async hashes() {
      try {
        return cache === undefined ? [] : (await cachedHashes(cache)).slice(0, MAX_CACHED)
      } catch {
        return []
      }
    },
  }
}
