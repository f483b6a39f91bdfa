/** @module What a call asks of the pool, as headers. */

export interface Wishes {
  /** Least mean path accuracy, 0..1. */
  minAccuracy?: number
  /** What the pool is run for meanwhile, in place of what the pipeline says. */
  prefer?: 'frugal' | 'balanced' | 'sooner'
  /** 1..128 visible characters of ASCII. */
  requestId?: string
}

/** What the coordinator takes as an id. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/

/** @throws RangeError for what cannot be used */
export function headersOf({ minAccuracy, prefer, requestId }: Wishes): Record<string, string> {
  if (requestId !== undefined && !REQUEST_ID.test(requestId)) {
    throw new RangeError('Cannot use requestId: must be 1..128 visible characters of ASCII')
  }
  return {
    ...minAccuracy === undefined ? {} : { 'x-min-accuracy': accuracyText(minAccuracy) },
    ...prefer === undefined ? {} : { 'x-prefer': prefer },
    ...requestId === undefined ? {} : { 'x-request-id': requestId },
  }
}

/** As the coordinator takes it: digits, no exponent. @throws RangeError for what is no share */
function accuracyText(share: number): string {
  if (!(share >= 0 && share <= 1)) {
    throw new RangeError(`Cannot use minAccuracy: must be a number 0..1: received ${share}`)
  }
  return share < 1e-6 ? '0' : String(share)
}
