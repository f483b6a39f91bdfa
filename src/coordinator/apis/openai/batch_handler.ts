/**
 * Makes the calls of batches through the handlers of OpenAI's API, without a check of access: the
 * caller that made the batch passed it.
 *
 * @module
 */
import { Hono } from 'hono'
import { ApiError } from '../../core/api_error.ts'
import type { BatchApi } from '../../jobs/batch_work.ts'
import { type Due, withDues } from '../../jobs/due_pool.ts'
import type { InferParts } from '../common/infer_parts.ts'
import { MAX_TIMEOUT_MS } from '../common/infer_request.ts'
import { errorOf, openAiResponse } from './errors.ts'
import { mountOpenAi } from './routes.ts'

export function createBatchApi(parts: InferParts): BatchApi {
  /** By the ids of the calls, which may ask for ten minutes at most. */
  const dues = new Map<string, Due>()
  const pool = withDues(parts.pool, (id) => id === undefined ? undefined : dues.get(id))
  const app = new Hono()
  app.onError((error) => {
    const message = `Cannot answer: ${error.message}`
    return openAiResponse(error instanceof ApiError ? error : new ApiError('internal', message))
  })
  mountOpenAi(app, { ...parts, pool, peers: undefined })

  return {
    async call(path, { bytes, stream }, { id, dueMs, share, holder, gone }) {
      const client = new AbortController()
      const unwatch = gone((why) => client.abort(why))
      dues.set(id, { deadlineMs: dueMs, share, holder })
      try {
        return await app.request(path, {
          ...{ method: 'POST', body: stream, signal: client.signal },
          headers: {
            'content-type': 'application/json',
            'content-length': String(bytes),
            'x-request-id': id,
            'x-request-timeout-ms': String(MAX_TIMEOUT_MS),
          },
        })
      } finally {
        dues.delete(id)
        unwatch()
      }
    },
    errorBody: errorOf,
  }
}
