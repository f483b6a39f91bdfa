/**
 * What a stage is: the work around a model that turns items of a task into results and child items.
 *
 * A stage sees tensors and bytes only: no engine, no socket, no file. The same stage runs in a
 * browser's worker, in Deno's, and in a bare loop.
 *
 * @module
 */
import type { Task, Variant } from '../pipeline/schema.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** One input of a task: what its parent said of it, and its bytes (a picture, a crop, a tensor). */
export interface StageItem {
  meta: JsonObject
  bytes: Uint8Array
}

export type ItemResult =
  | {
    ok: true
    /** What the answer may quote of this item; `null` when there is nothing to tell (an empty line). */
    fields: JsonObject | null
    /** Items for each child task, in reading order. */
    children: { [task: string]: StageItem[] }
  }
  | { ok: false; reason: 'invalid_input' | 'too_large' | 'internal'; message: string }

export type TensorData = Float32Array | Uint8Array | Int32Array | BigInt64Array
export interface Tensor {
  type: 'float32' | 'uint8' | 'int32' | 'int64'
  dims: readonly number[]
  data: TensorData
}

/** A loaded model. `run` never overlaps itself: the engine allows one run at a time per worker. */
export interface Model {
  inputNames: readonly string[]
  outputNames: readonly string[]
  run(feeds: { [name: string]: Tensor }): Promise<{ [name: string]: Tensor }>
}

/** Pixels, row-major, 8 bits a channel. */
export interface Picture {
  width: number
  height: number
  channels: 3 | 4
  data: Uint8Array | Uint8ClampedArray
}

export interface ImageCodecs {
  /** Throws an Error when the bytes are not a whole picture of that type. Result is RGBA. */
  decode(type: 'image/png' | 'image/jpeg' | 'image/webp', bytes: Uint8Array): Promise<Picture>
  encodeJpeg(picture: Picture, quality: number): Promise<Uint8Array>
}

/** How pictures travel to a child task: raw RGB costs bytes, JPEG costs time on both ends. */
export type CropEncoding = 'raw' | 'jpeg'

export interface StageContext {
  task: Task
  variant: Variant
  /** Child tasks of this task, as the pipeline names them. */
  next: readonly string[]
  model: Model
  codecs: ImageCodecs
  crops: CropEncoding
  /** The first run of each input shape is slow on this engine: better a few shapes than the best. */
  fewShapes?: boolean
}

export interface Stage {
  /** Results in the order of `items`, one each. A bad item fails alone; only a broken engine throws. */
  run(items: readonly StageItem[], context: StageContext): Promise<ItemResult[]>
  /** Feeds for each input shape that `run` may use with this variant, for warm-up and measuring. */
  warmUp(context: StageContext, batch: number): { [name: string]: Tensor }[]
}
