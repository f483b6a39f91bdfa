/**
 * What a device can hold of what is served: by what it runs on, memory, and what it may download. Node and
 * coordinator ask the same functions, so that neither promises what the other refuses.
 *
 * @module
 */
import { GENERATE, generateTaskOf } from './generate.ts'
import { type Downloads, leastModels, type ModelFile, type ServedVariant } from './least_models.ts'
import { CODE, type Device, whyNotOn } from './runs_on.ts'
import type { Pipeline, Task, Variant } from './schema.ts'

export interface HoldLimits extends Device {
  /** What one slot may hold in models; absent: no limit. */
  slotMemoryBytes?: number | undefined
  downloads?: Downloads | undefined
  /** Hashes of models that are there already. */
  cached?: Iterable<string> | undefined
}

/** The weights of a session; copies made while loading make room for runs later. */
const WEIGHTS_FACTOR = 1
/** What a run keeps for its intermediate results, per pixel of input; measured on `ocr`. */
const BYTES_PER_PIXEL = 100
/** Items of a batch run together up to so many pixels, and never more than so many items. */
const BATCH_PIXELS = 2 ** 18
const BATCH_ITEMS = 8
/** Pictures as they are: there are more of them, and a GPU is slow to begin a run. */
const PICTURE_PIXELS = 2 ** 20
const PICTURE_KINDS: readonly (string | undefined)[] = ['object-detection', 'image-classification']

/** How many inputs of so many pixels one run of the model takes: a power of two, as engines compile. */
export function picturesTogether(pixels: number): number {
  const fit = Math.min(BATCH_ITEMS, PICTURE_PIXELS / pixels)
  return fit < 2 ? 1 : 2 ** Math.floor(Math.log2(fit))
}

/**
 * Memory that a variant takes in a slot, in bytes, an estimate: `deno task bench memory` measures.
 * The variant's own `memoryBytes` goes before it, where a pipeline file has that.
 *
 * @param kind of its task
 */
export function memoryOf(variant: Variant, modelBytes: number, kind?: string): number {
  if (variant.memoryBytes !== undefined) return variant.memoryBytes
  const { height, width } = (variant['input'] ?? {}) as { height?: unknown; width?: unknown }
  const pixels = typeof height === 'number' && typeof width === 'number' ? height * width : 0
  const items = PICTURE_KINDS.includes(kind)
    ? picturesTogether(pixels)
    : Math.max(1, Math.min(BATCH_ITEMS, Math.floor(BATCH_PIXELS / pixels)))
  return Math.round(WEIGHTS_FACTOR * modelBytes + BYTES_PER_PIXEL * pixels * items)
}

/**
 * The cache of a token takes about so many times the root of the model's bytes where the graph does not
 * say: twice what models of 0.1 to 500 million parameters take, most of them.
 */
const KV_ROOT_FACTOR = 4
/** It is kept, laid out for steps and for pieces of prompts. */
const KV_COPIES = 3

/** As {@linkcode memoryOf}, of a task that generates: all rows may be as long as the context. */
export function generatingMemoryOf(task: Task, variant: Variant, modelBytes: number): number {
  if (variant.memoryBytes !== undefined) return variant.memoryBytes
  const { rows, context } = generateTaskOf(task)
  const { kvBytes } = variant
  const tokenBytes = typeof kvBytes === 'number' ? kvBytes : KV_ROOT_FACTOR * Math.sqrt(modelBytes)
  return Math.round(WEIGHTS_FACTOR * modelBytes + KV_COPIES * rows * context * tokenBytes)
}

/** The variants of a pipeline, in the file's order. */
export function servedVariants(
  pipeline: Pipeline,
  models: { readonly [name: string]: ModelFile },
): (ServedVariant & { memoryBytes: number })[] {
  return Object.entries(pipeline.tasks).flatMap(([task, whole]) => {
    const { kind, variants, ...shared } = whole
    return Object.entries(variants).map(([name, variant]) => {
      const model = models[variant.model ?? '']
      const { accuracy, precision, backends } = variant
      // What all variants have in common the task may say once.
      const input = { ...shared['input'] as object, ...variant['input'] as object }
      const modelBytes = model?.bytes ?? 0
      const memoryBytes = kind === GENERATE
        ? generatingMemoryOf(whole, variant, modelBytes)
        : memoryOf({ ...variant, input }, modelBytes, kind)
      const ref = { pipeline: pipeline.name, task, variant: name }
      return { ...ref, accuracy, model, memoryBytes, precision, backends, code: kind === CODE }
    })
  })
}

/** Those that fit the limits, each alone; whether they fit together is the placement's concern. */
export function ableVariants<One extends ServedVariant & { memoryBytes: number }>(
  served: readonly One[],
  limits: HoldLimits,
): One[] {
  const { slotMemoryBytes = Infinity, downloads = 'all', cached = [] } = limits
  const fit = served.filter((one) => whyNotOn(one, limits) === undefined)
  const there = new Set(downloads === 'all' ? [] : [...cached, ...leastModels(fit).keys()])
  return fit.filter(({ memoryBytes, model }) =>
    memoryBytes <= slotMemoryBytes &&
    (downloads === 'all' || model === undefined || there.has(model.sha256))
  )
}
