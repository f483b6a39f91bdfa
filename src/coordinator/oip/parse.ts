/**
 * The JSON of a request, held against a schema, in a time that its making cannot draw out.
 *
 * @module
 */
import type { z } from 'zod'
import { ApiError } from '../api_error.ts'
import { type InferenceRequest, inferenceRequest, MAX_TENSORS } from './schemas.ts'

/** Of one input, one output, or the request. */
const MAX_PARAMETERS = 64
/** Lists, objects and members: `JSON.parse` makes each, and takes seconds for ten million. */
const MAX_NESTED = 1_000_000
const MARKS = ['[', '{', ':'].map((mark) => mark.charCodeAt(0))
/** Of a place that an error names: names in it are the client's. */
const MAX_PLACE_LENGTH = 200

const fail = (fault: string): never => {
  throw new ApiError('invalid_input', `Cannot use the request: ${fault}`)
}

/** @throws ApiError `invalid_input` */
export const parseRequest = (bytes: Uint8Array): InferenceRequest =>
  parseAs(inferenceRequest, bytes)

/** @throws ApiError `invalid_input` */
export function parseAs<Json>(schema: z.ZodType<Json>, bytes: Uint8Array): Json {
  if (isNested(bytes)) fail(`it holds over ${MAX_NESTED} lists, objects and members`)
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return fail('it is not JSON')
  }
  if (hasManyParameters(json)) fail(`it has over ${MAX_PARAMETERS} parameters in one place`)
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const place = issue?.path.join('.').slice(0, MAX_PLACE_LENGTH) ?? ''
  return fail(`${place}: ${issue?.message ?? 'not as expected'}`)
}

function isNested(bytes: Uint8Array): boolean {
  let count = 0
  for (const mark of MARKS) {
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
      if (++count > MAX_NESTED) return true
    }
  }
  return false
}

/** Schemas have a bound for lists, and look at the members of an object however many there are. */
function hasManyParameters(json: unknown): boolean {
  const { inputs, outputs, parameters } = (json ?? {}) as Record<string, unknown>
  const tensors = [inputs, outputs].filter((list) => Array.isArray(list))
    .flatMap((list) => list.slice(0, MAX_TENSORS))
  return [parameters, ...tensors.map((tensor) => tensor?.parameters)].some((each) =>
    typeof each === 'object' && each !== null && Object.keys(each).length > MAX_PARAMETERS
  )
}
