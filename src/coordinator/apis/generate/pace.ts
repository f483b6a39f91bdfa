/**
 * Deadlines of a streamed text: of its first token, and of each further one.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'
import { MAX_TIMEOUT_MS } from '../common/infer_request.ts'

export const TTFT = 'x-ttft-ms'
export const TPOT = 'x-tpot-ms'
const TIMEOUT = 'x-request-timeout-ms'

export interface Pace {
  /** Time from arrival to the first token. */
  ttftMs?: number
  /** Time of each token after the first. */
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
 * The time for an answer: the call's own, else the time of its pace, else the pipeline's.
 *
 * @param ownMs the call's own time, where it has one
 * @param tokens most tokens of the answer
 */
export function budgetOf(
  headers: Headers,
  ownMs: number,
  { ttftMs, tpotMs }: Pace,
  tokens: number,
  sloMs: number,
): number {
  if (headers.has(TIMEOUT)) return ownMs
  if (ttftMs === undefined || tpotMs === undefined) return sloMs
  return Math.min(MAX_TIMEOUT_MS, Math.max(1, Math.ceil(ttftMs + tpotMs * tokens)))
}
