/** @module What a call of the client throws. */
import type { ErrorReason } from './types.ts'

/** Besides the coordinator's: it could not be reached, or answered what is none of its answers. */
export type ClientReason = ErrorReason | 'unreachable'

/** No result, and why. */
export class ShoalError extends Error {
  override name = 'ShoalError'
  constructor(
    /** Of the answer; 0 where there was none. */
    readonly status: number,
    /** Stable, to be switched on. */
    readonly reason: ClientReason,
    message: string,
    /** Seconds after which a later try can succeed; absent where none can. */
    readonly retryAfterS?: number,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
