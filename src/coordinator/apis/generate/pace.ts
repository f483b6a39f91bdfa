/**
 * Deadlines of a text that comes piece by piece: of its first token, and of each further one.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'
import { MAX_TIMEOUT_MS } from '../common/infer_request.ts'

export const TTFT = 'x-ttft-ms'
export const TPOT = 'x-tpot-ms'
const TIMEOUT = 'x-request-timeout-ms'

export interface Pace {
  /** From arrival to the first token. */
  ttftMs?: number
  /** A token, after the first. */
  tpotMs?: number
}

/** @throws ApiError `invalid_input` */
export function readPace(headers: Headers): Pace {
  const ttftMs = read(headers, TTFT)
  const tpotMs = read(headers, TPOT)
  return {
    ...ttftMs === undefined ? {} : { ttftMs },
    ...tpotMs === undefined ? {} : { tpotMs },
  }
}

function read(headers: Headers, name: string): number | undefined {
  const text = headers.get(name)
  if (text === null) return undefined
  const ms = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN
  if (ms > 0 && ms <= MAX_TIMEOUT_MS) return ms
  throw new ApiError(
    'invalid_input',
    `Cannot use ${name}: must be a number above 0, at most ${MAX_TIMEOUT_MS}: received ` +
      text.slice(0, 40),
  )
}

/**
 * The time that an answer gets: what the call says, else what its pace comes to, else the pipeline's.
 *
 * @param saidMs of the call, where it says it
 * @param tokens most that the answer can have
 */
export function budgetOf(
  headers: Headers,
  saidMs: number,
  { ttftMs, tpotMs }: Pace,
  tokens: number,
  sloMs: number,
): number {
  if (headers.has(TIMEOUT)) return saidMs
  if (ttftMs === undefined || tpotMs === undefined) return sloMs
  return Math.min(MAX_TIMEOUT_MS, Math.max(1, Math.ceil(ttftMs + tpotMs * tokens)))
}
