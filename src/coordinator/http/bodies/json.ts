/**
 * The JSON of a request, checked against a schema, in bounded time whatever its content.
 *
 * @module
 */
import type { z } from 'zod'
import { ApiError } from '../../core/api_error.ts'

/** Parameters of one input, one output, or the request. */
const MAX_PARAMETERS = 64
/** Objects and members; a request has some hundreds. */
const MAX_MEMBERS = 65_536
const [OBJECT, MEMBER, LIST, ELEMENT] = [0x7b, 0x3a, 0x5b, 0x2c]
const [QUOTE, ESCAPE] = [0x22, 0x5c]
/** Elements of lists, and lists, that JSON without tensors may have. */
export const ELEMENTS = 65_536
/** The same where it has tensors: `JSON.parse` makes as many in half a second. */
export const TENSORS = 4_194_304
/**
 * Inputs, and outputs, of one request: counted before any of them, which may each be wrong, is
 * checked.
 */
export const MAX_TENSORS = 256
/** Characters of a place that an error names: the client chose them. */
const MAX_PLACE_LENGTH = 200

const REQUEST = 'Cannot use the request: '

const fail = (fault: string, param?: string): never => {
  throw new ApiError('invalid_input', REQUEST + fault, undefined, param)
}

/**
 * Reads any JSON, and counts its elements before it builds them.
 *
 * @param elements most elements in all its lists
 * @param outside counts only marks outside of texts: for requests whose texts may be long
 * @param what names the JSON in errors
 * @throws ApiError `invalid_input` or `too_large`
 */
export function readJson(
  bytes: Uint8Array,
  elements: number,
  outside: boolean,
  what: string,
): unknown {
  const held = count(bytes, elements, outside)
  if (held.members > MAX_MEMBERS) {
    throw new ApiError('invalid_input', `${what} holds over ${MAX_MEMBERS} objects and members`)
  }
  if (held.elements > elements) {
    throw new ApiError(
      'too_large',
      `${what} holds over ${elements} elements in lists: send less, or tensors as binary data to /v2`,
    )
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new ApiError('invalid_input', `${what} is not JSON`)
  }
}

/**
 * Reads JSON of a schema.
 *
 * @param elements most elements in all its lists
 * @param outside see {@linkcode readJson}
 * @throws ApiError `invalid_input` or `too_large`
 */
export function parseAs<Json>(
  schema: z.ZodType<Json>,
  bytes: Uint8Array,
  elements: number,
  outside = false,
): Json {
  const json = readJson(bytes, elements, outside, `${REQUEST}it`)
  if (hasManyParameters(json)) fail(`it has over ${MAX_PARAMETERS} parameters in one place`)
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const place = issue?.path.join('.').slice(0, MAX_PLACE_LENGTH) ?? ''
  return fail(`${place}: ${issue?.message ?? 'not as expected'}`, paramOf(issue?.path ?? []))
}

/** The path of a fault, as `messages[0].content`. */
const paramOf = (path: readonly PropertyKey[]): string =>
  path.map((step, i) =>
    typeof step === 'number' ? `[${step}]` : `${i > 0 ? '.' : ''}${String(step)}`
  )
    .join('').slice(0, MAX_PLACE_LENGTH)

/**
 * Counts elements and members by their marks, those within texts included unless `outside`. Ends
 * with the first that is too many.
 */
export function count(bytes: Uint8Array, mostElements: number, outside = false) {
  let elements = 0
  let members = 0
  let at = 0
  while (at < bytes.length && elements <= mostElements && members <= MAX_MEMBERS) {
    const mark = bytes[at++]
    if (outside && mark === QUOTE) at = endOfText(bytes, at)
    else if (mark === ELEMENT || mark === LIST) elements++
    else if (mark === MEMBER || mark === OBJECT) members++
  }
  return { elements, members, looked: at }
}

/** The position behind the quote that ends a text, or the end of the bytes. */
export function endOfText(bytes: Uint8Array, start: number): number {
  for (let at = start;;) {
    const end = bytes.indexOf(QUOTE, at)
    if (end < 0) return bytes.length
    let before = end
    while (before > start && bytes[before - 1] === ESCAPE) before--
    if ((end - before) % 2 === 0) return end + 1
    at = end + 1
  }
}

/** Parameters are counted here: schemas bound lists, but check all members of an object. */
function hasManyParameters(json: unknown): boolean {
  const { inputs, outputs, parameters } = (json ?? {}) as Record<string, unknown>
  const tensors = [inputs, outputs].filter((list) => Array.isArray(list))
    .flatMap((list) => list.slice(0, MAX_TENSORS))
  return [parameters, ...tensors.map((tensor) => tensor?.parameters)].some((each) =>
    typeof each === 'object' && each !== null && Object.keys(each).length > MAX_PARAMETERS
  )
}
