/**
 * What runs models. One engine lives in one worker; sessions are shared by all variants of a model.
 *
 * @module
 */
import type { Model } from '../../stages/types.ts'

/** Where the engine's own files are, when the runtime cannot find them by itself (a browser). */
export interface EngineAssets {
  /** URL of ONNX Runtime's WebAssembly file. */
  ortWasm?: string
}

export interface Engine {
  readonly backend: 'wasm'
  /** Whether the first run of each new input shape is slow, as where shaders are compiled for it. */
  readonly compilesShapes: boolean
  /** Brings the runtime in. @throws EngineError `init_failed` */
  start(): Promise<void>
  /** Whether a session of this model is at hand. */
  has(hash: string): boolean
  /**
   * A session for these bytes, one for each hash however many ask; each call takes one hold of it.
   *
   * @param bytes only needed where `has(hash)` is false
   * @throws EngineError `init_failed` or `load_failed`
   */
  acquire(hash: string, bytes?: Uint8Array): Promise<Model>
  /** Gives up one hold; the last one frees the session (its memory stays with the worker). */
  release(hash: string): Promise<void>
}
