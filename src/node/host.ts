/**
 * What a node needs of the place it runs in. Everything else of a node is the same in a browser and
 * in Deno.
 *
 * @module
 */
import type { WorkerAssets } from './engine/worker_api.ts'
import type { OpenTransport } from './link/transport.ts'

export interface Host {
  readonly runtime: 'deno' | 'browser'
  /** Processors this node may keep busy at most, before the volunteer's own limit. */
  readonly threads: number
  /**
   * Whether WebAssembly shares memory between threads here, so that one run may have several: in an
   * isolated page only.
   */
  readonly sharesMemory?: boolean
  /** Memory that may be used, in bytes; absent where it cannot be known. */
  readonly memoryBytes?: number
  /** URLs of the files that a worker loads by itself. */
  readonly assets: WorkerAssets
  /** A new inference worker. */
  createWorker(): Worker
  /** Another way to open links than the runtime's own WebSocket. */
  readonly openLink?: OpenTransport
  readonly storage: NodeStorage
  /** Where models stay between starts; `undefined` where there is no such place (insecure origin). */
  openCache(): Promise<Cache | undefined>
  /** Bytes that may still be stored there; `undefined` where that is not known. */
  roomBytes?(): Promise<number | undefined>
  /** Calls `leave` when the process or page is about to end; the returned function calls it off. */
  onExit(leave: (why: string) => void): () => void
}

/** Small texts kept between starts. Neither call throws: what cannot be kept is forgotten. */
export interface NodeStorage {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
}
