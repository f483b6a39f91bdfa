/**
 * What a slot is to hold, and the models on their way to it: fetched one after another, in the order
 * asked for, so that the first variant is ready soonest.
 *
 * @module
 */
import type { Clock } from '../clock.ts'
import { NO_HASH } from '../engine/instance.ts'
import type { InstanceSpec } from '../engine/worker_api.ts'

const NO_BYTES = new Uint8Array(0)

export interface FetchedLoad {
  spec: InstanceSpec
  bytes: Uint8Array
  /** How long fetching took, without waiting for others. */
  fetchMs: number
}

export interface LoadQueueOptions {
  clock: Clock
  fetchModel(spec: InstanceSpec): Promise<Uint8Array>
  /** A model came in, or a fetch failed: there may be something to do. */
  onChange(): void
  onFailed(spec: InstanceSpec, message: string): void
}

export interface LoadQueue {
  /** Wants the variant held; `fetch` is false where the worker has it already. */
  want(spec: InstanceSpec, fetch: boolean): void
  /** Wants it no more; false where it was not wanted. */
  drop(key: string): boolean
  wants(key: string): boolean
  /** Whether exactly this is wanted, not another model under the same name. */
  isCurrent(spec: InstanceSpec): boolean
  take(): FetchedLoad | undefined
  /** Fetches what is wanted again, for a new worker: all, or what `missing` says. */
  startOver(missing?: (spec: InstanceSpec) => boolean): void
  /** Wants nothing any more; what was wanted. */
  clear(): InstanceSpec[]
  /** Fetched, not taken. */
  readonly fetched: number
  /** Neither fetched nor failed. */
  readonly fetching: number
}

export function createLoadQueue(options: LoadQueueOptions): LoadQueue {
  const { clock } = options
  const wanted = new Map<string, InstanceSpec>()
  let queue: FetchedLoad[] = []
  let fetching = 0
  let tail: Promise<unknown> = Promise.resolve()

  const isCurrent = (spec: InstanceSpec) => wanted.get(spec.key) === spec

  function fetchModel(spec: InstanceSpec): void {
    fetching++
    let fromMs = 0
    const fetched = tail.then(() => {
      fromMs = clock.nowMs()
      return spec.hash === NO_HASH ? NO_BYTES : options.fetchModel(spec)
    })
    tail = fetched.catch(() => {})
    fetched.then((bytes) => {
      if (isCurrent(spec)) queue.push({ spec, bytes, fetchMs: clock.nowMs() - fromMs })
    }, (error: Error) => {
      if (!isCurrent(spec)) return
      wanted.delete(spec.key)
      options.onFailed(spec, error.message)
    }).finally(() => {
      fetching--
      options.onChange()
    })
  }

  return {
    want(spec, fetch) {
      wanted.set(spec.key, spec)
      if (fetch) fetchModel(spec)
    },
    drop: (key) => wanted.delete(key),
    wants: (key) => wanted.has(key),
    isCurrent,
    take: () => queue.shift(),
    startOver(missing = () => true) {
      queue = []
      for (const spec of wanted.values()) if (missing(spec)) fetchModel(spec)
    },
    clear() {
      const all = [...wanted.values()]
      wanted.clear()
      queue = []
      return all
    },
    get fetched() {
      return queue.length
    },
    get fetching() {
      return fetching
    },
  }
}
