/**
 * The interface of a stage: the work around a model that turns items into results and child items.
 *
 * A stage sees tensors and bytes only: no engine, no socket, no file. The same stage runs in a
 * browser's worker, in Deno's, and in a bare loop.
 *
 * @module
 */
import type { GraphFacts } from '../pipeline/onnx/graph.ts'
import type { Pipeline, Task, Variant } from '../pipeline/schema.ts'
import type { Tensor } from '../pipeline/tensor.ts'
import type { Drawing } from './documents/drawing.ts'

export type { Tensor, TensorData } from '../pipeline/tensor.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** One input of a task: what its parent said of it, and its bytes (a picture, a crop, a tensor). */
export interface StageItem {
  meta: JsonObject
  bytes: Uint8Array
  /** Of one that came from another node: how crops were to travel. */
  asked?: CropEncoding
}

export type ItemResult =
  | {
    ok: true
    /** What the answer may quote of this item; `null` when there is nothing to tell (an empty line). */
    fields: JsonObject | null
    /** Fields that are tensors; they travel as bytes. */
    tensors?: { [field: string]: Tensor }
    /** Items for each child task, in reading order. */
    children: { [task: string]: StageItem[] }
  }
  | {
    ok: false
    reason: 'invalid_input' | 'too_large' | 'internal' | 'expired'
    message: string
    /**
     * The item exceeded its time limit here, or ended its worker: it is given to no other node, and
     * does not count for or against this one.
     */
    gaveUp?: true
  }

/** A loaded model. `run` never overlaps itself: the engine allows one run at a time per worker. */
export interface Model {
  inputNames: readonly string[]
  outputNames: readonly string[]
  /**
   * @param exact the first dimension is no number of items: it must not be filled up or cut up
   * @throws an error whose `code` is `run_failed` or `not_finite` where feeds may be the cause
   */
  run(feeds: { [name: string]: Tensor }, exact?: boolean): Promise<{ [name: string]: Tensor }>
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
  /** A library that opens documents, compiled. @throws CodecUnavailableError */
  library(name: 'pdfium'): Promise<WebAssembly.Module>
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
  /** Draws documents; they are drawn in this thread if absent. */
  drawing?: Drawing
  /** Aborted when no query needs the results any more. */
  signal?: AbortSignal
  crops: CropEncoding
  /** It is the pipeline's first task: its items are files. */
  isRoot?: boolean
}

/** What items carry. */
export type Carried = 'pictures' | 'tensors' | 'text' | 'documents' | 'results'

export interface Stage {
  /** Results in the order of `items`, one each. A bad item fails alone; only a broken engine throws. */
  run(items: readonly StageItem[], context: StageContext): Promise<ItemResult[]>
  /** Feeds for each input shape that `run` may use with this variant, for warm-up and measuring. */
  warmUp(context: StageContext, batch: number): { [name: string]: Tensor }[]
  /** A typical item, to measure the work beside the model. */
  sample?(context: StageContext): StageItem
  /** Items of the batch that a run of those feeds takes; their first dimension where absent. */
  carried?(context: StageContext, batch: number): number
  /** Whether the feeds' first dimension is no number of items: see {@linkcode Model.run}. */
  exact?(context: StageContext): boolean
  /**
   * Holds what the file says of a task against the models, before anything is served; children come
   * before their parent. May fill in what the models tell.
   */
  check?(given: CheckContext): void
  /**
   * Fields of a last task's results, for a file without `output`; without those that `answer`
   * names.
   */
  fields?(task: Task): string[]
  /** Fields that its child items come with. */
  tells?: readonly string[]
  /** What its items are; not known of a program. */
  takes?: Carried
  /** What its child items are; not known of a program. */
  handsOn?: Carried | 'nothing'
}

/** The input of a check, and the way it reports faults. */
export interface CheckContext {
  pipeline: Pipeline
  name: string
  task: Task
  /** By variant. */
  graphs: { readonly [variant: string]: GraphFacts }
  /** Kinds of the tasks. */
  kindOf(task: string): string | undefined
  /** @param path in the file, below the task; empty for the task itself */
  fail(path: string, fault: string): never
}
