import type { ErrorReason } from '../../client/types.ts'

export const STATUS = {
  invalid_input: 400,
  unauthorized: 401,
  forbidden: 403,
  unknown_pipeline: 404,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  unsupported_type: 415,
  rate_limited: 429,
  internal: 500,
  node_failed: 502,
  queue_full: 503,
  infeasible_deadline: 503,
  no_capable_node: 503,
  draining: 503,
  deadline_exceeded: 504,
} as const satisfies Record<ErrorReason, number>

export const REASONS = Object.keys(STATUS) as ErrorReason[]

/** An answer without a result; the one error class of the HTTP layer. */
export class ApiError extends Error {
  override name = 'ApiError'
  constructor(
    readonly reason: ErrorReason,
    message: string,
    /** Time until a later try can succeed; absent where none can. */
    readonly retryAfterMs?: number,
    /** The faulty part of the request, where its protocol has a field for it. */
    readonly param?: string,
  ) {
    super(message)
  }

  toResponse(): Response {
    const headers = new Headers()
    if (this.retryAfterMs !== undefined) {
      headers.set('retry-after', String(secondsOf(this.retryAfterMs)))
    }
    if (this.reason === 'unauthorized') headers.set('www-authenticate', 'Bearer realm="shoal"')
    return Response.json({ error: this.message, reason: this.reason }, {
      status: STATUS[this.reason],
      headers,
    })
  }
}

/** Whole seconds, never 0: a client that obeys must not hammer. */
export const secondsOf = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))
