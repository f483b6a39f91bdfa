/**
 * Errors as data: what crosses a worker's border, where thrown errors lose their class and code.
 *
 * @module
 */

/** Stable reasons why the engine side could not do what was asked. */
export type EngineFault =
  /** The engine could not start: no WebAssembly, its files are missing. */
  | 'init_failed'
  /** The bytes are no model that this engine can run, or memory ran out while loading. */
  | 'load_failed'
  /** The variant asked for is not held. */
  | 'not_held'
  /** A run failed; the next one may well succeed. */
  | 'run_failed'
  /** A run gave NaN or infinity: never passed on as a result. */
  | 'not_finite'
  /** The engine's memory is in an unknown state: only a new worker helps. */
  | 'broken'
  /** The GPU is gone from under the engine: only a new worker helps. */
  | 'device_lost'
  /** The worker ended while the call was under way. */
  | 'worker_died'
  /** The worker gave no answer in time and was ended. */
  | 'timeout'

export interface Failure {
  ok: false
  code: EngineFault
  message: string
}

export type Answer<T> = { ok: true; value: T } | Failure

/** An error of the engine that keeps its reason until it becomes a {@linkcode Failure}. */
export class EngineError extends Error {
  override name = 'EngineError'
  constructor(readonly code: EngineFault, message: string, options?: ErrorOptions) {
    super(message, options)
  }
}

/** Turns a thrown value into data; `code` is used where the error brings none of its own. */
export function failureFrom(error: unknown, code: EngineFault): Failure {
  const message = error instanceof Error ? error.message : String(error)
  return { ok: false, code: error instanceof EngineError ? error.code : code, message }
}
