/**
 * Errors in the form of Mistral's API.
 *
 * @module
 */
import { type ApiError, STATUS } from '../../core/api_error.ts'
import type { MistralError } from './schemas.ts'

export const OCR_PATH = '/v1/ocr'
const FILE_URL = /^\/v1\/files\/[^/]+\/url$/

/** Whether a path is of Mistral's API alone. */
export const isMistral = (path: string): boolean => path === OCR_PATH || FILE_URL.test(path)

const TYPES: Record<number, string> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
}

export function mistralErrorOf({ reason, message, param }: ApiError): MistralError {
  const status = STATUS[reason]
  return {
    object: 'error',
    message,
    type: TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error'),
    param: param ?? (reason === 'unknown_pipeline' ? 'model' : null),
    code: reason,
  }
}

/** The response of an error; status and headers are those of every call. */
export function mistralResponse(error: ApiError): Response {
  const { status, headers } = error.toResponse()
  const response = Response.json(mistralErrorOf(error), { status })
  for (const name of ['retry-after', 'www-authenticate']) {
    const value = headers.get(name)
    if (value !== null) response.headers.set(name, value)
  }
  return response
}
