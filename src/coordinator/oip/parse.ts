/**
 * The JSON of a request, as the Open Inference Protocol has it.
 *
 * @module
 */
import { ApiError } from '../api_error.ts'
import { type InferenceRequest, inferenceRequest } from './schemas.ts'

const fail = (what: string, fault: string): never => {
  throw new ApiError('invalid_input', `Cannot use ${what}: ${fault}`)
}

/** @throws ApiError `invalid_input` */
export function parseRequest(bytes: Uint8Array): InferenceRequest {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return fail('the request', 'it is not JSON')
  }
  const parsed = inferenceRequest.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  return fail(
    'the request',
    `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as expected'}`,
  )
}
