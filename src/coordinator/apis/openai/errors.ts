/**
 * Errors in the form of OpenAI's API.
 *
 * @module
 */
import { type ApiError, STATUS } from '../../core/api_error.ts'
import type { OpenAiError } from './schemas.ts'

const PATH = /^\/v1\/(chat\/completions|completions|models(\/[^/]*)?|(files|batches)(\/.*)?)$/

/** Whether a path is of OpenAI's API. */
export const isOpenAi = (path: string): boolean => PATH.test(path)

const TYPES: Record<number, string> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
}

export function errorOf({ reason, message, param }: ApiError): OpenAiError {
  const status = STATUS[reason]
  return {
    error: {
      message,
      type: TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error'),
      param: param ?? (reason === 'unknown_pipeline' ? 'model' : null),
      code: reason === 'unknown_pipeline' ? 'model_not_found' : reason,
    },
  }
}

/** The response of an error; status and headers are those of every call. */
export function openAiResponse(error: ApiError): Response {
  const { status, headers } = error.toResponse()
  const response = Response.json(errorOf(error), { status })
  for (const name of ['retry-after', 'www-authenticate']) {
    const value = headers.get(name)
    if (value !== null) response.headers.set(name, value)
  }
  return response
}
