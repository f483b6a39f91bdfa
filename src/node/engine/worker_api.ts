/**
 * What an inference worker does for its slot. Nothing here throws across the border: every answer
 * is data, since an error thrown through comlink loses all but its text.
 *
 * @module
 */
import { releaseProxy, type Remote, transfer, wrap } from 'comlink'
import { GENERATE, type Said } from '../../pipeline/generate.ts'
import type { CodecName } from '../../stages/codecs.ts'
import { compileFrom } from '../../stages/compile_from.ts'
import type { Drawing } from '../../stages/documents/drawing.ts'
import type { CropEncoding, ImageCodecs, ItemResult, Stage, StageItem } from '../../stages/types.ts'
import { type Answer, EngineError, type Failure, failureFrom } from './answer.ts'
import type { Backend, Engine, EngineAssets, EngineModel, EngineUse } from './engine.ts'
import type { CreateGenerator } from './generate/generator.ts'
import { createServedGenerators, type Generated } from './generate/served.ts'
import { type InstanceSpec, type Measured, NO_HASH, type Warmed } from './instance.ts'
import { createServedStages } from './served_stages.ts'
import { detachChildren } from './transfer.ts'

export interface WorkerAssets extends EngineAssets {
  /** Where programs of pipelines are loaded from; from their bytes where absent. */
  code?: string
  codecs: { [name in CodecName]: string }
  /** Entry point of the worker that draws documents beside this one. */
  drawing?: string
  /** Most pixels of a picture that there is memory for, where that is limited. */
  maxPixels?: number
}

export type { InstanceSpec, Measured, Warmed } from './instance.ts'

export interface WorkerApi {
  /** @param drawn where documents are drawn, a `Drawing`; in this worker where absent */
  init(
    assets: WorkerAssets,
    use: EngineUse,
    drawn?: MessagePort,
  ): Promise<Answer<{ backend: Backend }>>
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
  /** Nobody waits for what `run` is at: what can be ended half way is. */
  stop(): void
  /**
   * As `run`, of a variant that generates: any number of batches at the same time.
   *
   * @param leftMs what is left until their deadline, which ends what is not whole by then
   * @param tell of more of the answers; with nothing, that the batch lives: every half second
   */
  generate(
    key: string,
    batch: number,
    items: StageItem[],
    leftMs: number,
    tell: (said: Said[]) => unknown,
  ): Promise<Answer<Generated>>
  /** Nobody waits for these items of a batch that generates, or for any of it. */
  leave(batch: number): void
  /** Share of the time that batches which generate may take. */
  pace(duty: number): void
  /**
   * Runs the main input shape once, the model alone; of a variant that generates, a usual batch. `rows` is how many of the batch's items a run
   * takes: a stage that runs its items one by one says 1 whatever `batch` is. `besideMs` is what the
   * stage does for an item beside the model, as a sample of it showed: absent where it has none.
   */
  measure(key: string, batch: number): Promise<Answer<Measured>>
}

export interface WorkerParts {
  stages: { readonly [kind: string]: Stage }
  /** Absent where nothing is generated. */
  createGenerator?: CreateGenerator
  createEngine(assets: WorkerAssets, use: EngineUse): Engine
  createCodecs(
    load: (name: CodecName) => Promise<WebAssembly.Module>,
    maxPixels?: number,
  ): ImageCodecs
  nowMs?(): number
}

/** The worker's side, ready for `expose` of comlink. */
export function createWorkerApi(parts: WorkerParts): WorkerApi {
  const nowMs = parts.nowMs ?? (() => performance.now())
  const held = new Map<string, InstanceSpec>()
  let engine: Engine | undefined
  let codecs: ImageCodecs | undefined
  let codeBase: string | undefined
  let drawing: Remote<Drawing> | undefined
  const staged = createServedStages({
    stages: parts.stages,
    nowMs,
    codecs: () => codecs,
    codeBase: () => codeBase,
    drawing: () => drawing,
  })
  const generators = createServedGenerators(parts.createGenerator, nowMs)

  async function take(
    spec: InstanceSpec,
    model: EngineModel,
    bytes: Uint8Array | undefined,
    compiles: boolean,
  ): Promise<number> {
    const warmMs = spec.task.kind === GENERATE
      ? await generators.hold({ spec, model, bytes, compiles })
      : await staged.hold(spec, model, compiles)
    held.set(spec.key, spec)
    return warmMs
  }

  return {
    async init(assets, use, drawn) {
      try {
        engine = parts.createEngine(assets, use)
        codeBase = assets.code
        await engine.start()
        codecs = parts.createCodecs((name) => compileFrom(assets.codecs[name]), assets.maxPixels)
        drawing = drawn && wrap<Drawing>(drawn)
        return { ok: true, value: { backend: engine.backend } }
      } catch (error) {
        return failureFrom(error, 'init_failed')
      }
    },

    async lost() {
      const reason = await engine?.lost()
      return { ok: false, code: 'device_lost', message: `The GPU device was lost: ${reason}` }
    },

    needs: (hash) => ({ ok: true, value: hash !== NO_HASH && engine?.has(hash) !== true }),

    async load(spec, bytes) {
      try {
        if (engine === undefined) throw new EngineError('init_failed', 'Cannot load before init')
        const before = held.get(spec.key)
        if (spec.noModel) {
          return { ok: true, value: { warmMs: await take(spec, NO_MODEL, bytes, false) } }
        }
        const model = await engine.acquire(spec.hash, bytes)
        try {
          const fallback = engine.fallback(spec.hash)
          const compiles = engine.compilesShapes && fallback === undefined
          const warmMs = await take(spec, model, bytes, compiles)
          // The old one goes after the new one is in, so that a shared session lives on.
          if (before !== undefined && !before.noModel) await engine.release(before.hash)
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
        staged.drop(key)
        generators.drop(key)
        if (gone !== undefined && !gone.noModel) await engine?.release(gone.hash)
        return { ok: true, value: null }
      } catch (error) {
        return failureFrom(error, 'broken')
      }
    },

    async run(key, items, crops) {
      try {
        const results = await staged.run(key, items, crops)
        const buffers = detachChildren(results)
        return transfer({ ok: true, value: { results } } as const, buffers)
      } catch (error) {
        return failureFrom(error, 'run_failed')
      }
    },

    stop: staged.stop,

    async generate(key, batch, items, leftMs, tell) {
      try {
        return { ok: true, value: await generators.generate(key, batch, items, leftMs, tell) }
      } catch (error) {
        return failureFrom(error, 'run_failed')
      } finally {
        // From another thread it is a proxy, whose port would stay open.
        const end: unknown = (tell as Partial<Remote<typeof tell>>)[releaseProxy]
        if (typeof end === 'function') end()
      }
    },

    leave: generators.leave,
    pace: generators.pace,

    async measure(key, batch) {
      try {
        const served = generators.holds(key) ? generators : staged
        return { ok: true, value: await served.measure(key, batch) }
      } catch (error) {
        return failureFrom(error, 'run_failed')
      }
    },
  }
}

const NO_MODEL: EngineModel = {
  inputNames: [],
  outputNames: [],
  run: () => Promise.reject(new EngineError('run_failed', 'The variant names no model')),
}
