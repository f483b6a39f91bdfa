/**
 * The volunteer's limits on what this node holds: memory, and what may be downloaded. Whatever the
 * coordinator asks for, a load beyond them is refused here.
 *
 * The count is of estimates, not of what the process really takes: memory of WebAssembly only ever
 * grows, so that an unloaded variant leaves room for another one but gives none back to the device
 * before its worker ends.
 *
 * @module
 */
import { ableVariants, servedVariants } from '../../pipeline/hold.ts'
import { type Downloads, leastModels } from '../../pipeline/least_models.ts'
import { MAX_PICTURE_PIXELS } from '../../pipeline/picture_head.ts'
import { CODE, type Device, whyNotOn } from '../../pipeline/runs_on.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import type { NodeMessage, Welcome } from '../../protocol/messages.ts'
import { keyOf } from '../models/catalog.ts'
import { MAX_CACHED } from '../models/model_cache.ts'
import { SMALL_PIXELS } from '../slot/decoding.ts'

export interface HoldLimitsOptions {
  /** All that the node may take, in bytes; `Infinity` where there is no limit. */
  memoryBytes: number
  /** Where their number is fixed, slots share the memory evenly; else one may have all of it. */
  slots?: number | undefined
  downloads?: Downloads | undefined
  /** Whether programs of pipelines' authors may run. */
  code?: boolean | undefined
}

export interface LoadRefusal {
  /** Absent where it is no limit of the volunteer's. */
  reason?: 'out_of_memory_budget' | 'downloads_limited' | 'code_not_allowed'
  message: string
}

export interface HoldLimits {
  /** All that the node may take; `Infinity` where there is no limit. */
  readonly memoryBytes: number
  /** What one slot may hold in models. */
  readonly slotBytes: number
  /** Most pixels of a picture that there is memory for; `undefined` where that is not limited. */
  readonly maxPixels: number | undefined
  readonly downloads: Downloads
  readonly code: boolean
  /** What the node runs on from now on; WebAssembly at first. */
  runsOn(device: Device): void
  /** Returns what the coordinator is to hear of it. */
  setDownloads(downloads: Downloads): NodeMessage
  /** What is served on this connection; what was held before counts on until it is in the way. */
  welcome(welcome: Welcome, pipelines: readonly Pipeline[], cached: readonly string[]): void
  /** What is served changed while the connection stands. */
  served(models: Welcome['models'], pipelines: readonly Pipeline[]): void
  /** How many of the variants that run here can be held, each alone. */
  readonly able: { of: number; variants: number; leastBytes: number }
  /** Why none of what is served can be held, where that is so. */
  readonly unfit: string | undefined
  /** Slots that the memory allows when each holds all it can. */
  readonly mostSlots: number
  /** Whether this model may be downloaded. */
  mayFetch(sha256: string): boolean
  /** It was downloaded, and needs no further download. */
  fetched(sha256: string): void
  /** Counts the variant in, or says why not. `unload` is to go first: nobody asked for it again. */
  take(slot: number, key: string): { refusal: LoadRefusal } | { unload: string[] }
  free(slot: number, key: string): void
  /** Slots from `count` on are gone. */
  keep(count: number): void
}

/** A process or tab with the node's code, before any slot, and the models it passes on. */
export const NODE_BYTES = 120e6
/** A worker with an engine and its compiled code, before any model. */
export const ENGINE_BYTES = 260e6
/**
 * Of what is left beside one of each, one of so many parts is for decoding large pictures, up to the
 * largest that is taken. Slots share it: one of them decodes such a picture at a time.
 */
const DECODING_PARTS = 3
/** What a decoder may take, and the pixels that it hands over. */
const DECODING_BYTES_A_PIXEL = 16

/** What something takes; rounded up, since what takes little does not take nothing. */
export const takes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`
/** What there is for it; rounded down, so that what does not fit is not said to. */
export const room = (bytes: number): string => `${Math.floor(bytes / 1e6)} MB`

export function createHoldLimits(options: HoldLimitsOptions): HoldLimits {
  const decodingBytes = Math.min(
    DECODING_BYTES_A_PIXEL * (MAX_PICTURE_PIXELS - SMALL_PIXELS),
    Math.max(0, options.memoryBytes - NODE_BYTES - ENGINE_BYTES) / DECODING_PARTS,
  )
  const forSlots = Math.max(0, options.memoryBytes - NODE_BYTES - decodingBytes)
  const slotBytes = Math.max(0, forSlots / (options.slots ?? 1) - ENGINE_BYTES)
  let downloads = options.downloads ?? 'all'
  let cached: string[] = []
  let served: ReturnType<typeof servedVariants> = []
  /** By slot, what each variant takes, and whether this connection asked for it. */
  const held = new Map<number, Map<string, { bytes: number; asked: boolean }>>()

  let device: Device = {}
  function serve(models: Welcome['models'], pipelines: readonly Pipeline[]): void {
    served = pipelines.flatMap((one) => servedVariants(one, models[one.name] ?? {}))
    programs = new Set(
      pipelines.flatMap(({ name, tasks }) =>
        Object.values(tasks).flatMap(({ kind, stage }) =>
          kind === CODE ? models[name]?.[String(stage)]?.sha256 ?? [] : []
        )
      ),
    )
  }

  const code = options.code ?? false
  /** Programs, which are small. */
  let programs = new Set<string>()
  const here = () => ({ ...device, code })

  const ableNow = () =>
    ableVariants(served, { ...here(), slotMemoryBytes: slotBytes, downloads, cached })
  const find = (key: string) => served.find((one) => keyOf(one) === key)

  function refuse(key: string, bytes: number, leftBytes: number): LoadRefusal | undefined {
    const one = find(key)
    const unfit = one && whyNotOn(one, here())
    if (unfit !== undefined) {
      const limit = one?.code === true && !code ? { reason: 'code_not_allowed' as const } : {}
      return { ...limit, message: unfit }
    }
    if (bytes > leftBytes) {
      const message = `it takes about ${takes(bytes)}, of the ` +
        `${room(slotBytes)} that a slot may hold ${room(leftBytes)} are left`
      return { reason: 'out_of_memory_budget', message }
    }
    if (ableNow().some((one) => keyOf(one) === key)) return undefined
    const size = one?.model?.bytes ?? 0
    const message = `its model of ${takes(size)} is not here, and on ` +
      'this link only the smallest of each task is downloaded'
    return { reason: 'downloads_limited', message }
  }

  return {
    memoryBytes: options.memoryBytes,
    slotBytes,
    maxPixels: options.memoryBytes === Infinity
      ? undefined
      : SMALL_PIXELS + Math.floor(decodingBytes / DECODING_BYTES_A_PIXEL),
    code,
    get downloads() {
      return downloads
    },
    runsOn(now) {
      device = now
    },
    setDownloads(wanted) {
      downloads = wanted
      return { type: 'report', downloads, cached: cached.slice(0, MAX_CACHED) }
    },
    served: serve,
    welcome({ models }, pipelines, there) {
      cached = [...there]
      serve(models, pipelines)
      for (const holding of held.values()) for (const one of holding.values()) one.asked = false
    },
    get able() {
      const leastBytes = Math.min(...served.map(({ memoryBytes }) => memoryBytes))
      const fit = served.filter((one) => whyNotOn(one, here()) === undefined)
      return { of: fit.length, variants: ableNow().length, leastBytes }
    },
    get unfit() {
      if (served.length === 0 || ableNow().length > 0) return undefined
      const fit = served.filter((one) => whyNotOn(one, here()) === undefined)
      if (fit.length === 0) {
        return `Cannot hold ${keyOf(served[0]!)}: ${whyNotOn(served[0]!, here())}`
      }
      const leastBytes = Math.min(...fit.map(({ memoryBytes }) => memoryBytes))
      return leastBytes > slotBytes
        ? `The least takes about ${takes(leastBytes)} of memory, and a slot may hold ` +
          room(slotBytes)
        : 'On this link only the smallest model of each task is downloaded, and those take more ' +
          'memory than a slot may hold'
    },
    get mostSlots() {
      const all = ableNow().reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
      return Math.max(1, Math.floor(forSlots / (ENGINE_BYTES + Math.min(all, slotBytes))))
    },
    mayFetch: (sha256) =>
      downloads === 'all' || programs.has(sha256) || leastModels(served).has(sha256),
    fetched: (sha256) => void cached.push(sha256),
    take(slot, key) {
      const holding = held.get(slot) ?? new Map<string, { bytes: number; asked: boolean }>()
      held.set(slot, holding)
      const before = holding.get(key)?.bytes
      const bytes = before ?? find(key)?.memoryBytes ?? 0
      const taken = [...holding.values()].reduce((sum, one) => sum + one.bytes, -(before ?? 0))
      let left = slotBytes - taken
      const unload: string[] = []
      for (const [other, one] of holding) {
        if (bytes <= left) break
        if (one.asked || other === key) continue
        unload.push(other)
        left += one.bytes
      }
      const refusal = refuse(key, bytes, Math.max(0, left))
      // What is held stays held, and counts.
      if (refusal !== undefined) return { refusal }
      for (const gone of [...unload, key]) holding.delete(gone)
      holding.set(key, { bytes, asked: true })
      return { unload }
    },
    free: (slot, key) => void held.get(slot)?.delete(key),
    keep(count) {
      for (const slot of held.keys()) if (slot >= count) held.delete(slot)
    },
  }
}
