/**
 * A model on ONNX Runtime, whichever backend.
 *
 * @module
 */
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web/wasm'
import { isTensorType } from '../../pipeline/tensor.ts'
import type { Tensor, TensorData } from '../../stages/types.ts'
import { EngineError } from './answer.ts'
import { createShapedRun } from './batch_shapes.ts'
import { createFixedRun, fixedRows } from './fixed_rows.ts'
import {
  type Backend,
  type EngineAssets,
  type EngineModel,
  type EngineUse,
  PLAIN_USE,
} from './engine.ts'
import { type OrtModule, startOrt, usableThreads } from './ort.ts'

/** A model with its end: `release` frees the session inside the engine's memory. */
export interface OwnedModel extends EngineModel {
  release(): Promise<void>
}

/**
 * Tail of the queue of runs of this realm: the engine allows one at a time for all sessions. On
 * WebGPU a second one would never end, and block the worker's own timers with it.
 */
let lastRun: Promise<unknown> = Promise.resolve()

function oneAtATime<T>(task: () => Promise<T>): Promise<T> {
  // Both ways on: a run that failed must not block the ones behind it.
  const run = lastRun.then(task, task)
  lastRun = run.catch(() => {})
  return run
}

/**
 * Loads a model from the bytes of an ONNX file.
 *
 * @example
 * ```ts
 * const model = await createOrtModel(await Deno.readFile('model.onnx'))
 * const { output } = await model.run({ input: { type: 'float32', dims: [1, 4], data } })
 * ```
 * @param provider what of the engine runs it: on WebGPU the processor is there, too
 * @throws EngineError `init_failed` or `load_failed`
 */
export async function createOrtModel(
  bytes: Uint8Array,
  assets?: EngineAssets,
  use: EngineUse = PLAIN_USE,
  provider: Backend = use.backend,
): Promise<OwnedModel> {
  const ort = await startOrt(assets, use)
  let session: InferenceSession
  try {
    // Made between runs, not during one: both would be inside the engine.
    session = await oneAtATime(() =>
      ort.InferenceSession.create(bytes, sessionOptions(use, provider))
    )
  } catch (error) {
    throw new EngineError(
      isBroken(error) ? 'broken' : 'load_failed',
      `Cannot load a model of ${bytes.byteLength} bytes: ${textOf(error)}`,
      { cause: error },
    )
  }
  const told = toldOf(session)
  const run: OwnedModel['run'] = (feeds) =>
    oneAtATime(() => runSession(provider, ort, session, feeds, told))
  const rows = fixedRows(session.inputMetadata)
  return {
    inputNames: session.inputNames,
    outputNames: told,
    /** @throws EngineError `run_failed`, `not_finite` or `broken` */
    ...rows !== undefined
      ? { run: createFixedRun(run, rows) }
      : provider === 'webgpu'
      ? createShapedRun(run)
      : { run },
    release: () => oneAtATime(() => session.release()),
  }
}

/** Errors only: what a provider leaves to the processor is warned of with each session. */
const LOG_ERRORS = 3

function sessionOptions(use: EngineUse, provider: Backend): InferenceSession.SessionOptions {
  if (provider !== 'native') {
    return { executionProviders: [provider], logSeverityLevel: LOG_ERRORS }
  }
  return {
    executionProviders: ['cpu'],
    intraOpNumThreads: usableThreads(use),
    logSeverityLevel: LOG_ERRORS,
  }
}

/** Outputs that are tensors of numbers: to ask for others, as maps or texts are, lets a run fail. */
const toldOf = ({ outputMetadata }: InferenceSession): string[] =>
  outputMetadata.filter((one) => one.isTensor && isTensorType(one.type)).map(({ name }) => name)

/** Native code does not see the elements of a Float16Array: it gets them as their bits. */
function inputOf(provider: Backend, ort: OrtModule, { type, data, dims }: Tensor): OrtTensor {
  if (provider !== 'native' || type !== 'float16') {
    return new ort.Tensor(type, data as Float32Array, dims)
  }
  const bits = new Uint16Array(data.buffer, data.byteOffset, data.length)
  return Object.assign(new ort.Tensor('uint16', bits, dims), { type }) as unknown as OrtTensor
}

async function runSession(
  provider: Backend,
  ort: OrtModule,
  session: InferenceSession,
  feeds: { [name: string]: Tensor },
  told: readonly string[],
): Promise<{ [name: string]: Tensor }> {
  let fetched: { readonly [name: string]: OrtTensor }
  try {
    const inputs: { [name: string]: OrtTensor } = {}
    for (const [name, tensor] of Object.entries(feeds)) {
      inputs[name] = inputOf(provider, ort, tensor)
    }
    fetched = await session.run(inputs, told)
  } catch (error) {
    throw new EngineError(
      isBroken(error) ? 'broken' : 'run_failed',
      `Cannot run the model: ${textOf(error)}`,
      { cause: error },
    )
  }
  const outputs: { [name: string]: Tensor } = {}
  for (const [name, { type, data, dims }] of Object.entries(fetched)) {
    if (!areNumbers(type, data)) {
      throw new EngineError('not_finite', `Cannot use output ${name}: it is not finite throughout`)
    }
    outputs[name] = { type: type as Tensor['type'], dims, data: data as TensorData }
  }
  return outputs
}

/** Bits of a half float that are all set in NaN and infinity alone. */
const HALF_EXPONENT = 0x7c00

/** Whether all elements are finite, whichever their type; half floats may come as their bits. */
function areNumbers(type: string, data: OrtTensor['data']): boolean {
  if (data instanceof Float32Array) return allFinite(data)
  if (type === 'float64') return (data as Float64Array).every(Number.isFinite)
  if (type !== 'float16') return true
  return data instanceof Uint16Array
    ? data.every((bits) => (bits & HALF_EXPONENT) !== HALF_EXPONENT)
    : (data as unknown as readonly number[]).every(Number.isFinite)
}

/** One pass, no branch inside: NaN and infinity survive any sum, and float32s never overflow one. */
export function allFinite(values: Float32Array): boolean {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return Number.isFinite(sum)
}

function isBroken(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError ||
    /abort|memory access|unreachable|out of memory|bad_alloc|allocat/i.test(textOf(error))
}

function textOf(error: unknown): string {
  // Emscripten throws numbers (a pointer to a C++ exception) too.
  return error instanceof Error ? error.message : `engine error ${String(error)}`
}
