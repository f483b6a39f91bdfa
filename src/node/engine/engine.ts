/**
 * What runs models. One engine lives in one worker; sessions are shared by all variants of a model.
 *
 * @module
 */
import type { Model } from '../../stages/types.ts'
import type { Adapter } from './adapter.ts'

export type Backend = 'wasm' | 'webgpu' | 'native'

/** Absolute URLs of one build of ONNX Runtime. */
export interface OrtFiles {
  /** What is imported. */
  module: string
  /** Its glue and its WebAssembly, which a module served from elsewhere does not find by itself. */
  mjs?: string
  wasm?: string
}

/**
 * Where the engine's own files are. A build that is absent here is imported by its package's name
 * (a checkout); `native` has no such name, so that nothing of it is fetched unasked.
 */
export interface EngineAssets {
  ort?: { [backend in Backend]?: OrtFiles }
}

/** What an engine is made for. */
export interface EngineUse {
  backend: Backend
  /** Threads inside one run. More than one counts only where the realm can start them. */
  threads: number
}

export const PLAIN_USE: EngineUse = { backend: 'wasm', threads: 1 }

export interface EngineModel extends Model {
  /** As `run`, and compiles for shapes that are new, which `run` avoids; absent where none are. */
  warm?: Model['run']
}

export interface Engine {
  readonly backend: Backend
  /**
   * Whether the first run of each new input shape may be slow, as where shaders are compiled for
   * it: stages then keep to few shapes, and those are warmed.
   */
  readonly compilesShapes: boolean
  /** The device, once started, where there is one. */
  readonly device: Adapter | undefined
  /** Brings the runtime in. @throws EngineError `init_failed` */
  start(): Promise<void>
  /** Resolves with the reason when the device is lost; never where there is none to lose. */
  lost(): Promise<string>
  /**
   * Why a model runs on the processor although the engine is on a GPU, which cannot take it;
   * nothing where it runs as the rest.
   */
  fallback(hash: string): string | undefined
  /** Whether a session of this model is at hand. */
  has(hash: string): boolean
  /**
   * A session for these bytes, one for each hash however many ask; each call takes one hold of it.
   *
   * @param bytes only needed where `has(hash)` is false
   * @throws EngineError `init_failed` or `load_failed`
   */
  acquire(hash: string, bytes?: Uint8Array): Promise<EngineModel>
  /** Gives up one hold; the last one frees the session (its memory stays with the worker). */
  release(hash: string): Promise<void>
}
