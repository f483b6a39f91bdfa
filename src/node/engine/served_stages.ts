/**
 * The variants of a worker that are done by stages: warmed, run, and measured.
 *
 * @module
 */
import type {
  CropEncoding,
  ImageCodecs,
  ItemResult,
  Stage,
  StageContext,
  StageItem,
} from '../../stages/types.ts'
import type { Drawing } from '../../stages/documents/drawing.ts'
import { EngineError } from './answer.ts'
import { batchSizes } from './batch_shapes.ts'
import { type Beside, createBeside } from './beside.ts'
import type { EngineModel } from './engine.ts'
import { loadCode } from './load_code.ts'
import type { InstanceSpec, Measured } from './instance.ts'

export interface ServedStages {
  /**
   * Takes the variant in and warms it.
   *
   * @param compiles whether shapes are compiled for
   * @returns what the main shape took for one item, in ms
   */
  hold(spec: InstanceSpec, model: EngineModel, compiles: boolean): Promise<number>
  drop(key: string): void
  run(key: string, items: StageItem[], crops: CropEncoding): Promise<ItemResult[]>
  /** Nobody waits for what runs. */
  stop(): void
  measure(key: string, batch: number): Promise<Measured>
}

export interface ServedStagesParts {
  stages: { readonly [kind: string]: Stage }
  nowMs(): number
  /** Asked at each load: there are none before init. */
  codecs(): ImageCodecs | undefined
  /** As {@linkcode loadCode} has it. */
  codeBase(): string | undefined
  /** Asked at each load. */
  drawing(): Drawing | undefined
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
  stage: Stage
  context: StageContext
  model: EngineModel
  beside: Beside
}

export function createServedStages(parts: ServedStagesParts): ServedStages {
  const { nowMs } = parts
  const held = new Map<string, Held>()
  let stopping: AbortController | undefined

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

  async function stageOf({ code, task }: InstanceSpec): Promise<Stage> {
    const stage = code === undefined
      ? parts.stages[task.kind ?? '']
      : await loadCode(code, parts.codeBase())
    if (stage !== undefined) return stage
    throw new EngineError('load_failed', `this build has no stage of kind ${task.kind}`)
  }

  return {
    async hold(spec, model, compiles) {
      const stage = await stageOf(spec)
      const codecs = parts.codecs()
      const drawing = parts.drawing()
      if (codecs === undefined) throw new EngineError('init_failed', 'Cannot load before init')
      const { task, variant, next, isRoot = false } = spec
      const context: StageContext = {
        task,
        variant,
        next,
        model,
        codecs,
        crops: 'raw',
        isRoot,
        ...drawing && { drawing },
      }
      const taken = { stage, context, model, beside: createBeside(stage, context, nowMs) }
      const fromMs = nowMs()
      let warmMs = (await timeRun(taken, 1, 0))?.runMs ?? 0
      // Where it compiles, the first run says nothing at all.
      if (compiles || warmMs < AGAIN_BELOW_MS) {
        warmMs = Math.min(warmMs, (await timeRun(taken, 1, 0))?.runMs ?? 0)
      }
      if (compiles) await warmMore(taken, fromMs)
      held.set(spec.key, taken)
      return warmMs
    },

    drop: (key) => void held.delete(key),

    async run(key, items, crops) {
      const { stage, context } = holding(key)
      const { signal } = stopping = new AbortController()
      const results = await stage.run(items, { ...context, crops, signal })
      if (results.length === items.length) return results
      throw new EngineError(
        'run_failed',
        `Cannot use the stage's answer: ${results.length} results for ${items.length} items`,
      )
    },

    stop: () => stopping?.abort(),

    async measure(key, batch) {
      const taken = holding(key)
      const run = await timeRun(taken, batch, 0) ?? { runMs: 0, rows: batch }
      const besideMs = await taken.beside.sample()
      return { ...run, ...besideMs === undefined ? {} : { besideMs } }
    },
  }
}
