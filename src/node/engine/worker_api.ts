/**
 * What an inference worker does for its slot. Nothing here throws across the border: every answer
 * is data, since an error thrown through comlink loses all but its text.
 *
 * @module
 */
import { transfer } from 'comlink'
import type { Task, Variant } from '../../pipeline/schema.ts'
import type { CodecName } from '../../stages/codecs.ts'
import type {
  CropEncoding,
  ImageCodecs,
  ItemResult,
  Stage,
  StageContext,
  StageItem,
} from '../../stages/types.ts'
import { type Answer, EngineError, type Failure, failureFrom } from './answer.ts'
import { batchSizes } from './batch_shapes.ts'
import { type Beside, createBeside } from './beside.ts'
import { loadCode, type StageCode } from './load_code.ts'
import type { Backend, Engine, EngineAssets, EngineModel, EngineUse } from './engine.ts'
import { detachChildren } from './transfer.ts'

export interface WorkerAssets extends EngineAssets {
  /** Where programs of pipelines are loaded from; from their bytes where absent. */
  code?: string
  codecs: { [name in CodecName]: string }
  /** Most pixels of a picture that there is memory for, where that is limited. */
  maxPixels?: number
}

/** One variant as a worker needs to know it. */
export interface InstanceSpec {
  /** Unique among all variants of all pipelines. */
  key: string
  task: Task
  variant: Variant
  /** Child tasks of the task. */
  next: string[]
  /** The pipeline's first task: its items are files. */
  isRoot?: boolean
  /** SHA-256 of the model, the key of its session. */
  hash: string
  /** The program that does the task, in place of a stage of this build; it may need no model. */
  code?: StageCode
  noModel?: boolean
  /** SHA-256 of texts that the task has beside its model, by what they are for. */
  files?: { [name: string]: string }
  /** What is in them; set once they were fetched. */
  texts?: { [name: string]: string }
}

export interface Warmed {
  warmMs: number
  /** Why it runs on the processor although the worker's engine is on a GPU, if so. */
  fallback?: string
}

/** What a run took. */
export interface Measured {
  runMs: number
  rows: number
  besideMs?: number
}

export interface WorkerApi {
  init(assets: WorkerAssets, use: EngineUse): Promise<Answer<{ backend: Backend }>>
  /** Comes back when the engine's device is lost, if ever. */
  lost(): Promise<Failure>
  /** Whether `load` of this model would need its bytes. */
  needs(hash: string): Answer<boolean>
  /**
   * Takes the variant in and warms it: the main input shape and, where the engine compiles for
   * shapes, the others and larger batches as far as a few seconds allow. `warmMs` is how long the
   * main shape took for one item, a first figure.
   */
  load(spec: InstanceSpec, bytes: Uint8Array | undefined): Promise<Answer<Warmed>>
  unload(key: string): Promise<Answer<null>>
  run(
    key: string,
    items: StageItem[],
    crops: CropEncoding,
  ): Promise<Answer<{ results: ItemResult[] }>>
  /**
   * Runs the main input shape once, the model alone. `rows` is how many of the batch's items a run
   * takes: a stage that runs its items one by one says 1 whatever `batch` is. `besideMs` is what the
   * stage does for an item beside the model, as a sample of it showed: absent where it has none.
   */
  measure(key: string, batch: number): Promise<Answer<Measured>>
}

export interface WorkerParts {
  stages: { readonly [kind: string]: Stage }
  createEngine(assets: WorkerAssets, use: EngineUse): Engine
  createCodecs(
    load: (name: CodecName) => Promise<WebAssembly.Module>,
    maxPixels?: number,
  ): ImageCodecs
  nowMs?(): number
}

/**
 * A first run is up to ten times as slow as the next, code being compiled as it is reached: a worse
 * figure than none. Below this many ms a second run costs little and tells much more.
 */
const AGAIN_BELOW_MS = 400
/** Warming beyond the main shape ends here: a slow adapter may take seconds for each. */
const MORE_SHAPES_MS = 3000
const LARGEST_BATCH = 8
const LEAST_MS = 0.001

interface Held {
  spec: InstanceSpec
  stage: Stage
  context: StageContext
  model: EngineModel
  beside: Beside
}

/** The worker's side, ready for `expose` of comlink. */
export function createWorkerApi(parts: WorkerParts): WorkerApi {
  const nowMs = parts.nowMs ?? (() => performance.now())
  const held = new Map<string, Held>()
  let engine: Engine | undefined
  let codecs: ImageCodecs | undefined
  let codeBase: string | undefined

  function holding(key: string): Held {
    const found = held.get(key)
    if (found === undefined) throw new EngineError('not_held', `Cannot run ${key}: it is not held`)
    return found
  }

  /** One run of the batch's n-th input shape; nothing where there is no such shape. */
  async function timeRun({ stage, context, model }: Held, batch: number, shape: number) {
    const feeds = stage.warmUp(context, batch)[shape]
    if (feeds === undefined) return undefined
    const from = nowMs()
    await (model.warm ?? model.run)(feeds, stage.exact?.(context) ?? false)
    // Small models run within one tick of a browser's clock, and still not in no time.
    const runMs = Math.max(nowMs() - from, LEAST_MS)
    const said = stage.carried?.(context, batch) ?? Object.values(feeds)[0]?.dims[0] ?? batch
    // A first input may be empty, as what a model is to remember is at first.
    return { runMs, rows: said >= 1 ? said : batch }
  }

  async function warmMore(taken: Held, fromMs: number): Promise<void> {
    const inTime = () => nowMs() - fromMs < MORE_SHAPES_MS
    for (let shape = 1; inTime() && await timeRun(taken, 1, shape) !== undefined; shape++);
    for (const batch of batchSizes(LARGEST_BATCH).slice(1)) {
      if (!inTime()) return
      const run = await timeRun(taken, batch, 0)
      // Its items run one by one: nothing new to compile.
      if (run === undefined || run.rows < batch) return
    }
  }

  async function take(spec: InstanceSpec, model: EngineModel, compiles: boolean): Promise<number> {
    const stage = spec.code === undefined
      ? parts.stages[spec.task.kind ?? '']
      : await loadCode(spec.code, codeBase)
    if (stage === undefined) {
      throw new EngineError(
        'load_failed',
        `this build has no stage of kind ${spec.task.kind}`,
      )
    }
    if (codecs === undefined) throw new EngineError('init_failed', 'Cannot load before init')
    const { task, variant, next, isRoot = false } = spec
    const context: StageContext = {
      ...{ task, variant, next, model, codecs, crops: 'raw', isRoot },
    }
    const taken = { spec, stage, context, model, beside: createBeside(stage, context, nowMs) }
    const fromMs = nowMs()
    let warmMs = (await timeRun(taken, 1, 0))?.runMs ?? 0
    // Where it compiles, the first run says nothing at all.
    if (compiles || warmMs < AGAIN_BELOW_MS) {
      warmMs = Math.min(warmMs, (await timeRun(taken, 1, 0))?.runMs ?? 0)
    }
    if (compiles) await warmMore(taken, fromMs)
    held.set(spec.key, taken)
    return warmMs
  }

  return {
    async init(assets, use) {
      try {
        engine = parts.createEngine(assets, use)
        codeBase = assets.code
        await engine.start()
        codecs = parts.createCodecs((name) => compileFrom(assets.codecs[name]), assets.maxPixels)
        return { ok: true, value: { backend: engine.backend } }
      } catch (error) {
        return failureFrom(error, 'init_failed')
      }
    },

    async lost() {
      const reason = await engine?.lost()
      return { ok: false, code: 'device_lost', message: `The GPU device was lost: ${reason}` }
    },

    needs: (hash) => ({ ok: true, value: engine?.has(hash) !== true }),

    async load(spec, bytes) {
      try {
        if (engine === undefined) throw new EngineError('init_failed', 'Cannot load before init')
        const before = held.get(spec.key)
        if (spec.noModel) {
          return { ok: true, value: { warmMs: await take(spec, NO_MODEL, false) } }
        }
        const model = await engine.acquire(spec.hash, bytes)
        try {
          const fallback = engine.fallback(spec.hash)
          const warmMs = await take(spec, model, engine.compilesShapes && fallback === undefined)
          // The old one goes after the new one is in, so that a shared session lives on.
          if (before !== undefined && !before.spec.noModel) await engine.release(before.spec.hash)
          return { ok: true, value: { warmMs, ...(fallback === undefined ? {} : { fallback }) } }
        } catch (error) {
          await engine.release(spec.hash)
          throw error
        }
      } catch (error) {
        return failureFrom(error, 'load_failed')
      }
    },

    async unload(key) {
      try {
        const gone = held.get(key)
        held.delete(key)
        if (gone !== undefined && !gone.spec.noModel) await engine?.release(gone.spec.hash)
        return { ok: true, value: null }
      } catch (error) {
        return failureFrom(error, 'broken')
      }
    },

    async run(key, items, crops) {
      try {
        const { stage, context } = holding(key)
        const results = await stage.run(items, { ...context, crops })
        if (results.length !== items.length) {
          throw new EngineError(
            'run_failed',
            `Cannot use the stage's answer: ${results.length} results for ${items.length} items`,
          )
        }
        const buffers = detachChildren(results)
        return transfer({ ok: true, value: { results } } as const, buffers)
      } catch (error) {
        return failureFrom(error, 'run_failed')
      }
    },

    async measure(key, batch) {
      try {
        const taken = holding(key)
        const run = await timeRun(taken, batch, 0) ?? { runMs: 0, rows: batch }
        const besideMs = await taken.beside.sample()
        return { ok: true, value: { ...run, ...besideMs === undefined ? {} : { besideMs } } }
      } catch (error) {
        return failureFrom(error, 'run_failed')
      }
    },
  }
}

const NO_MODEL: EngineModel = {
  ...{ inputNames: [], outputNames: [] },
  run: () => Promise.reject(new EngineError('run_failed', 'The variant names no model')),
}

async function compileFrom(url: string): Promise<WebAssembly.Module> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`Cannot load codec ${url}: status ${response.status}`)
  return await WebAssembly.compile(await response.arrayBuffer())
}
