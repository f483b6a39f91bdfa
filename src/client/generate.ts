/** @module A text that is read while it is generated. */
import { headersOf, type Wishes } from './ask_headers.ts'
import { ShoalError } from './error.ts'
import { readEvents } from './events.ts'
import { type Ask, bodyOf, type Query } from './query.ts'
import type { ErrorBody, InferAnswer } from './types.ts'
import { granted, MOST_MS, readTimeout, within } from './waits.ts'

export interface GenerateOptions extends Wishes, Ask {
  /** From the call to the end of its answer, to 1..600000 ms; the pipeline's SLO where absent. */
  timeoutMs?: number
  /** From the call to its first token. */
  ttftMs?: number
  /** A token. With `ttftMs`, and without `timeoutMs`, it makes the deadline. */
  tpotMs?: number
  signal?: AbortSignal
}

export interface GenerateAnswer<Outputs> extends InferAnswer<Outputs> {
  /** All that was generated. */
  text: string
  /** What the text is as JSON, where it is an object or a list. */
  json?: unknown
}

/** Pieces of the text as they come. Leaving the loop takes the query back. */
export interface Generating<Outputs> extends AsyncIterableIterator<string, undefined> {
  /** At the end, whether or not anybody reads the pieces. */
  answer: Promise<GenerateAnswer<Outputs>>
}

type TextEvent =
  | { event: 'text'; data: { text: string } }
  | { event: 'answer'; data: InferAnswer }
  | { event: 'error'; data: ErrorBody & { retryAfterS?: number } }

/** Makes a call. @throws ShoalError for an answer that is an error */
type Open = (path: string, init: RequestInit) => Promise<Response>

/** Nothing is tried again. @throws RangeError or TypeError for options that cannot be used */
export function generateBy<Outputs>(
  open: Open,
  pipeline: string,
  query: string | Query,
  options: GenerateOptions = {},
): Generating<Outputs> {
  const { signal, timeoutMs, ttftMs, tpotMs } = options
  const givenMs = readTimeout(timeoutMs)
  const headers = {
    accept: 'text/event-stream',
    ...headersOf(options),
    ...givenMs === undefined ? {} : { 'x-request-timeout-ms': String(granted(givenMs)) },
    ...ttftMs === undefined ? {} : { 'x-ttft-ms': String(ttftMs) },
    ...tpotMs === undefined ? {} : { 'x-tpot-ms': String(tpotMs) },
  }
  const leaving = new AbortController()
  // By hand: `AbortSignal.any` is younger than many a phone's browser.
  const stop = () => leaving.abort(signal?.reason)
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop)
  const pieces: string[] = []
  let ended = false
  let wake = () => {}

  async function read(signal: AbortSignal): Promise<GenerateAnswer<Outputs>> {
    const body = await bodyOf(typeof query === 'string' ? { text: query } : query, askIn(options))
    const path = `/v1/pipelines/${encodeURIComponent(pipeline)}/infer`
    const sent = { ...headers, 'content-type': body.type }
    const response = await open(path, { method: 'POST', headers: sent, body, signal })
    let text = ''
    try {
      for await (const { event, data } of readEvents<TextEvent>(response.body!, (next) => next)) {
        if (event === 'answer') return { ...data as InferAnswer<Outputs>, text, ...jsonOf(text) }
        if (event === 'error') {
          throw new ShoalError(response.status, data.reason, data.error, data.retryAfterS)
        }
        text += data.text
        pieces.push(data.text)
        wake()
      }
    } catch (cause) {
      if (signal.aborted) throw signal.reason
      if (cause instanceof ShoalError) throw cause
      throw brokenOff(cause)
    }
    throw brokenOff(undefined)
  }

  const answer = within(givenMs ?? MOST_MS, leaving.signal, read).finally(() => {
    ended = true
    signal?.removeEventListener('abort', stop)
    wake()
  })
  // Whoever reads the pieces is told by them.
  answer.catch(() => {})
  return {
    answer,
    async next() {
      while (pieces.length === 0 && !ended) await new Promise<void>((resolve) => wake = resolve)
      if (pieces.length > 0) return { done: false, value: pieces.splice(0).join('') }
      await answer
      return { done: true, value: undefined }
    },
    return() {
      pieces.length = 0
      leaving.abort(new DOMException('The answer was left before its end', 'AbortError'))
      return Promise.resolve({ done: true, value: undefined })
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** What of it goes into the body. */
function askIn({ maxTokens, temperature, topP, seed, stop, schema }: GenerateOptions): Ask {
  const all = { maxTokens, temperature, topP, seed, stop, schema }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

const brokenOff = (cause: unknown) =>
  new ShoalError(0, 'unreachable', 'Cannot go on: the stream broke off', undefined, { cause })

/** Many a text is a number by chance. */
function jsonOf(text: string): { json?: unknown } {
  if (!/^\s*[[{]/.test(text)) return {}
  try {
    return { json: JSON.parse(text) }
  } catch {
    return {}
  }
}
