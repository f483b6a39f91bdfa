/**
 * A typed client for applications: `fetch` with the answers' types and errors with reasons.
 *
 * @module
 */
import type {
  ErrorBody,
  ErrorReason,
  HistoryInfo,
  InferAnswer,
  NodeInfo,
  PipelineInfo,
  PlanInfo,
} from './types.ts'

/** An answer other than 200. */
export class ShoalError extends Error {
  override name = 'ShoalError'
  constructor(
    readonly status: number,
    readonly reason: ErrorReason,
    message: string,
    /** Seconds after which a later try can succeed; absent where none can. */
    readonly retryAfterS?: number,
  ) {
    super(message)
  }
}

export interface InferOptions {
  /** Budget from arrival to answer, 1..600000; the pipeline's SLO where absent. */
  timeoutMs?: number
  /** Least mean path accuracy, 0..1. */
  minAccuracy?: number
  requestId?: string
  signal?: AbortSignal
}

export interface ClientOptions {
  /** Where the coordinator asks for one; a function is asked at each call. */
  key?: string | (() => string | undefined)
}

export interface Client {
  infer<Outputs>(
    pipeline: string,
    picture: Blob,
    options?: InferOptions,
  ): Promise<InferAnswer<Outputs>>
  pipelines(): Promise<PipelineInfo[]>
  nodes(): Promise<NodeInfo[]>
  plan(): Promise<PlanInfo>
  history(): Promise<HistoryInfo>
}

/**
 * A client of the coordinator at `url`.
 *
 * @example
 * ```ts
 * const shoal = createClient('http://localhost:8787')
 * const page = new Blob([await Deno.readFile('page.jpg')], { type: 'image/jpeg' })
 * const { outputs } = await shoal.infer<OcrOutputs>('ocr', page, { timeoutMs: 2000 })
 * ```
 * All calls throw {@linkcode ShoalError} on any status but 200.
 */
export function createClient(url: string, options: ClientOptions = {}): Client {
  const call = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
    const key = typeof options.key === 'function' ? options.key() : options.key
    const headers = new Headers(init.headers)
    if (key !== undefined) headers.set('authorization', `Bearer ${key}`)
    const response = await fetch(new URL(path, url), { ...init, headers })
    if (response.ok) return await response.json() as T
    const body = await response.json().catch(() => undefined) as ErrorBody | undefined
    const retryAfter = response.headers.get('retry-after')
    throw new ShoalError(
      response.status,
      body?.reason ?? 'internal',
      body?.error ?? `Cannot call ${path}: received status ${response.status}`,
      retryAfter === null ? undefined : Number(retryAfter),
    )
  }
  return {
    infer(pipeline, picture, options = {}) {
      const headers: Record<string, string> = { 'content-type': picture.type }
      if (options.timeoutMs !== undefined) {
        headers['x-request-timeout-ms'] = String(options.timeoutMs)
      }
      if (options.minAccuracy !== undefined) headers['x-min-accuracy'] = String(options.minAccuracy)
      if (options.requestId !== undefined) headers['x-request-id'] = options.requestId
      return call(`/v1/pipelines/${encodeURIComponent(pipeline)}/infer`, {
        method: 'POST',
        headers,
        body: picture,
        signal: options.signal ?? null,
      })
    },
    pipelines: async () => (await call<{ pipelines: PipelineInfo[] }>('/v1/pipelines')).pipelines,
    nodes: async () => (await call<{ nodes: NodeInfo[] }>('/v1/nodes')).nodes,
    plan: () => call('/v1/plan'),
    history: () => call('/v1/history'),
  }
}
