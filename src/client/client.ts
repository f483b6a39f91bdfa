/**
 * A typed client for applications: `fetch` with deadlines, tries again where that can help, and
 * errors with reasons. Needs nothing but what browsers, Deno and Node have.
 *
 * @module
 */
import { headersOf, type Wishes } from './ask_headers.ts'
import { ShoalError } from './error.ts'
import { type PoolEvent, readEvents } from './events.ts'
import { generateBy, type GenerateOptions, type Generating } from './generate.ts'
import { createJobsClient, type JobsClient } from './jobs.ts'
import { bodyOf, type Query } from './query.ts'
import { createSilence } from './silence.ts'
import type {
  ErrorBody,
  HistoryInfo,
  InferAnswer,
  NodeInfo,
  PipelineInfo,
  PlanInfo,
  StatsInfo,
} from './types.ts'
import { granted, MOST_MS, pause, readTimeout, waitOf, within } from './waits.ts'

export interface ClientOptions {
  /** Where the coordinator asks for one; a function is asked at each call. */
  key?: string | (() => string | undefined)
  /** Sent with each call. */
  headers?: Record<string, string>
  /** In place of the runtime's own. */
  fetch?: typeof fetch
}

export interface InferOptions extends Wishes {
  /**
   * From the call to its answer, all tries included; rounded down, to 1..600000 ms. Nothing is tried
   * again without it: the coordinator then answers within the pipeline's SLO, and a call that nothing
   * comes back for ends after ten minutes.
   */
  timeoutMs?: number
  signal?: AbortSignal
  /** Most tries in all. */
  maxTries?: number
}

export interface Client {
  /**
   * Sends a picture, a text, or tensors, through a pipeline. Tried again only where the answer said when
   * that can succeed, and only if that is before the deadline.
   */
  infer<Outputs = Record<string, unknown[]>>(
    pipeline: string,
    query: Query,
    options?: InferOptions,
  ): Promise<InferAnswer<Outputs>>
  /**
   * Sends a text or a picture through a pipeline that generates, whose text comes in pieces. Not tried
   * again: it may have begun.
   *
   * @example
   * ```ts
   * const slip = shoal.generate('receipt', text, { timeoutMs: 5000 })
   * for await (const piece of slip) show(piece)
   * const { json } = await slip.answer
   * ```
   */
  generate<Outputs = Record<string, unknown>>(
    pipeline: string,
    query: string | Query,
    options?: GenerateOptions,
  ): Generating<Outputs>
  /** Documents to be read in the background, by when they are wanted. */
  readonly jobs: JobsClient
  getPipelines(signal?: AbortSignal): Promise<PipelineInfo[]>
  getNodes(signal?: AbortSignal): Promise<NodeInfo[]>
  getPlan(signal?: AbortSignal): Promise<PlanInfo>
  getHistory(signal?: AbortSignal): Promise<HistoryInfo>
  stats(signal?: AbortSignal): Promise<StatsInfo>
  /** Any other call, as those of administration; resolves with its JSON, if it has any. */
  request<T>(method: 'GET' | 'POST' | 'DELETE', path: string): Promise<T>
  /**
   * What happens in the pool, until the coordinator drains, `signal` aborts or the loop is left. The
   * coordinator says something every 15 s: where nothing came for `mostSilentMs`, 35 s by default,
   * it throws `unreachable`.
   */
  events(signal?: AbortSignal, mostSilentMs?: number): AsyncGenerator<PoolEvent>
}

const MAX_TRIES = 5
/** Two of the comments that come every 15 s where nothing else does, and some time for the way. */
const MOST_SILENT_MS = 35_000

/**
 * A client of the coordinator at `url`, which may be below a path: `https://host/pool/` behind a
 * proxy that takes the path off.
 *
 * @example
 * ```ts
 * const shoal = createClient('http://localhost:8787')
 * const page = await Deno.readFile('page.jpg')
 * const { outputs } = await shoal.infer<OcrOutputs>('ocr', page, { timeoutMs: 2000 })
 * ```
 * All calls throw {@linkcode ShoalError} where there is no result, the reason of an aborted signal,
 * and a `RangeError` or `TypeError` for options that cannot be used.
 */
export function createClient(url: string | URL, options: ClientOptions = {}): Client {
  const { fetch: fetchWith = fetch } = options

  async function open(path: string, init: RequestInit = {}): Promise<Response> {
    const key = typeof options.key === 'function' ? options.key() : options.key
    // Made here: `fetch` would say of one that it cannot use what it says of a host that is gone.
    const headers = new Headers(options.headers)
    if (key !== undefined) headers.set('authorization', `Bearer ${key}`)
    // In place of what all calls are sent with, whatever the case of its letters.
    new Headers(init.headers).forEach((value, name) => headers.set(name, value))
    const response = await fetchWith(urlOf(url, path), { ...init, headers }).catch((cause) => {
      if (init.signal?.aborted) throw init.signal.reason
      throw new ShoalError(0, 'unreachable', `Cannot reach ${url}`, undefined, { cause })
    })
    if (response.ok) return response
    const body = await response.json().catch(() => {
      if (init.signal?.aborted) throw init.signal.reason
    }) as ErrorBody | undefined
    const retryAfterS = Number(response.headers.get('retry-after') ?? NaN)
    throw new ShoalError(
      response.status,
      body?.reason ?? 'unreachable',
      body?.error ?? `Cannot call ${path}: received status ${response.status}`,
      Number.isFinite(retryAfterS) ? retryAfterS : undefined,
    )
  }

  async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await open(path, init)
    if (response.status === 204) return undefined as T
    return await response.json().catch((cause) => {
      if (init.signal?.aborted) throw init.signal.reason
      throw new ShoalError(
        response.status,
        'unreachable',
        `Cannot read ${path}: it broke off`,
        undefined,
        { cause },
      )
    }) as T
  }

  const get = <T>(path: string, signal?: AbortSignal) => call<T>(path, { signal: signal ?? null })

  async function infer<Outputs>(
    pipeline: string,
    query: Query,
    options: InferOptions = {},
  ): Promise<InferAnswer<Outputs>> {
    const { signal, maxTries = MAX_TRIES } = options
    const timeoutMs = readTimeout(options.timeoutMs)
    const wishes = headersOf(options)
    const startMs = performance.now()
    const body = await bodyOf(query)
    for (let tries = 1;; tries++) {
      const spentMs = tries === 1 ? 0 : performance.now() - startMs
      const given = timeoutMs === undefined ? undefined : granted(timeoutMs - spentMs)
      const headers: Record<string, string> = { ...wishes, 'content-type': body.type }
      if (given !== undefined) headers['x-request-timeout-ms'] = String(given)
      const path = `/v1/pipelines/${encodeURIComponent(pipeline)}/infer`
      try {
        return await within(
          given ?? MOST_MS,
          signal,
          (signal) => call(path, { method: 'POST', headers, body, signal }),
        )
      } catch (error) {
        const waitMs = waitOf(error)
        const spentMs = performance.now() - startMs
        if (waitMs === undefined || timeoutMs === undefined || tries >= maxTries) throw error
        if (spentMs + waitMs >= timeoutMs) throw error
        await pause(waitMs, signal)
      }
    }
  }

  return {
    infer,
    generate: (pipeline, query, options) => generateBy(open, pipeline, query, options),
    jobs: createJobsClient(open),
    getPipelines: async (signal) =>
      (await get<{ pipelines: PipelineInfo[] }>('/v1/pipelines', signal)).pipelines,
    getNodes: async (signal) => (await get<{ nodes: NodeInfo[] }>('/v1/nodes', signal)).nodes,
    getPlan: (signal) => get('/v1/plan', signal),
    getHistory: (signal) => get('/v1/history', signal),
    stats: (signal) => get('/v1/stats', signal),
    request: (method, path) => call(path, { method }),
    async *events(signal, mostSilentMs = MOST_SILENT_MS) {
      const silence = createSilence(mostSilentMs, signal)
      try {
        const { body } = await silence.until(open('/v1/events', { signal: silence.signal }))
        if (body !== null) yield* readEvents(body, silence.until)
      } catch (cause) {
        if (silence.signal.aborted) throw silence.signal.reason
        if (cause instanceof ShoalError) throw cause
        throw new ShoalError(0, 'unreachable', 'Cannot go on: the stream broke off', undefined, {
          cause,
        })
      } finally {
        silence.end()
      }
    },
  }
}

/** Below the path of `url`, with a slash at its end or without. @throws TypeError where it is none */
function urlOf(url: string | URL, path: string): URL {
  const base = new URL(url)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return new URL(`./${path.replace(/^\//, '')}`, base)
}
