/**
 * Where the coordinator that served this code keeps the rest of it.
 *
 * Bundles are built with the paths written into them, so that a build is one whole: its hash names
 * it, and no file of another build can slip in.
 *
 * @module
 */
import type { OrtFiles } from './engine/engine.ts'
import type { CodecName } from '../stages/codecs.ts'
import type { WorkerAssets } from './engine/worker_api.ts'

/** Paths on the coordinator, each with a hash of its content in it. */
export interface AssetPaths {
  /** Entry point of inference workers. */
  inference: string
  /** Of the workers that draw documents for them. */
  drawing: string
  ort: { wasm: Required<OrtFiles>; webgpu: Required<OrtFiles> }
  codecs: { [name in CodecName]: string }
}

/** Put in by the bundler. */
declare const SHOAL_ASSETS: AssetPaths

/** The paths of this build. @throws ReferenceError where this code was not bundled */
export const builtPaths = (): AssetPaths => SHOAL_ASSETS

/** What a worker is told, as absolute URLs: a worker's own base is another. */
export function workerAssets(
  { ort, codecs, drawing }: AssetPaths,
  base: string | URL,
): WorkerAssets {
  const absolute = <T extends object>(paths: T): T =>
    Object.fromEntries(
      Object.entries(paths).map(([name, path]) => [name, new URL(path, base).href]),
    ) as T
  return {
    ort: { wasm: absolute(ort.wasm), webgpu: absolute(ort.webgpu) },
    codecs: absolute(codecs),
    drawing: new URL(drawing, base).href,
  }
}
