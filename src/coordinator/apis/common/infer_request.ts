/**
 * From an HTTP request to a query: headers and body, with a 4xx for every fault of either.
 *
 * @module
 */
import { z } from 'zod'
import type { Ask } from '../../../pipeline/generate.ts'
import type { Takes } from '../../../pipeline/takes.ts'
import { type Prefer, PREFERENCES } from '../../../policy/core/elastic.ts'
import { ApiError } from '../../core/api_error.ts'
import { ELEMENTS, parseAs, TENSORS } from '../../http/bodies/json.ts'
import { DOCUMENT_TYPES, documentOf, isDocumentType } from '../../http/inputs/document.ts'
import { isPictureType, PICTURE_TYPES, pictureOf } from '../../http/inputs/picture.ts'
import { textPayload, withAsk } from '../../http/inputs/text.ts'
import type { Payload } from '../../nodes/payload.ts'
import { askFrom, askParameters } from '../generate/ask.ts'
import { inferenceRequest, MAX_DIMS } from '../oip/schemas.ts'
import { readTensors } from '../oip/tensor_input.ts'

export interface InferHeaders {
  /** The caller's id, or one made here. */
  id: string
  budgetMs: number
  minAccuracy?: number
  /** Replaces the pipeline's preference. */
  prefer?: Prefer
  /** Whether results without confirmation will do. */
  unverified?: boolean
}

export const MAX_TIMEOUT_MS = 600_000
export const TEXT = 'text/plain'
/** Most digits of a number: its pattern takes the square of its length. */
const MAX_DIGITS = 64

/** @throws ApiError `invalid_input` */
export function readInferHeaders(headers: Headers, sloMs: number): InferHeaders {
  const requestId = headers.get('x-request-id')
  if (requestId !== null && !/^[\x21-\x7e]{1,128}$/.test(requestId)) {
    throw new ApiError(
      'invalid_input',
      'Cannot use x-request-id: must be 1..128 visible characters',
    )
  }
  const timeout = headers.get('x-request-timeout-ms')
  let budgetMs = sloMs
  if (timeout !== null) {
    budgetMs = /^\d{1,6}$/.test(timeout) ? Number(timeout) : 0
    if (budgetMs < 1 || budgetMs > MAX_TIMEOUT_MS) {
      throw new ApiError(
        'invalid_input',
        `Cannot use x-request-timeout-ms: must be an integer 1..${MAX_TIMEOUT_MS}: ` +
          `received ${timeout.slice(0, 40)}`,
      )
    }
  }
  const id = requestId ?? crypto.randomUUID()
  const plain = { id, budgetMs, ...readPrefer(headers), ...readUnverified(headers) }
  const accuracy = headers.get('x-min-accuracy')
  if (accuracy === null) return plain
  const isNumber = accuracy.length <= MAX_DIGITS && /^\d*\.?\d+$/.test(accuracy)
  const minAccuracy = isNumber ? Number(accuracy) : NaN
  if (!(minAccuracy >= 0 && minAccuracy <= 1)) {
    throw new ApiError(
      'invalid_input',
      `Cannot use x-min-accuracy: must be a number 0..1: received ${accuracy.slice(0, 40)}`,
    )
  }
  return { ...plain, minAccuracy }
}

/** @throws ApiError `invalid_input` */
function readUnverified(headers: Headers): { unverified?: boolean } {
  const value = headers.get('x-unverified')
  if (value === null) return {}
  if (value === 'accept') return { unverified: true }
  throw new ApiError(
    'invalid_input',
    `Cannot use x-unverified: must be accept: received ${value.slice(0, 40)}`,
  )
}

/** @throws ApiError `invalid_input` */
function readPrefer(headers: Headers): { prefer?: Prefer } {
  const value = headers.get('x-prefer')
  if (value === null) return {}
  const prefer = PREFERENCES.find((one) => one === value)
  if (prefer !== undefined) return { prefer }
  throw new ApiError(
    'invalid_input',
    `Cannot use x-prefer: must be one of ${PREFERENCES.join(', ')}: received ${value.slice(0, 40)}`,
  )
}

/**
 * The media type of a request, checked before its body is read.
 *
 * @param takes tensors that the pipeline takes in place of a picture
 * @param text whether it takes a text
 * @param document whether it takes a document, which may be a picture
 * @throws ApiError
 */
export function readContentType(
  headers: Headers,
  takes?: Takes,
  text = false,
  document = false,
): string {
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json') return type
  if (takes !== undefined) {
    throw new ApiError(
      'unsupported_type',
      `Cannot take content-type ${type || '(none)'}: this pipeline takes tensors: send ` +
        'application/json, or binary tensors to /v2',
    )
  }
  if (text) {
    if (type === TEXT) return type
    throw new ApiError(
      'unsupported_type',
      `Cannot take content-type ${type || '(none)'}: this pipeline takes text: send ${TEXT} or ` +
        'application/json',
    )
  }
  if (document ? isDocumentType(type) : isPictureType(type)) return type
  const types = document ? DOCUMENT_TYPES : PICTURE_TYPES
  throw new ApiError(
    'unsupported_type',
    `Cannot take content-type ${type || '(none)'}: send ${types.join(', ')} or ` +
      'application/json',
  )
}

/** A text in JSON, with parameters of generation. */
export const textRequest = z.object({
  inputs: z.array(z.object({
    name: z.string().meta({ const: 'text' }),
    shape: z.array(z.number().int()).max(MAX_DIMS),
    datatype: z.string().meta({ const: 'BYTES' }),
    data: z.array(z.string()).length(1),
  })).length(1),
  parameters: z.strictObject(askParameters.shape).optional(),
})

/** A picture in JSON, as base64. Lists are bounded: zod makes an issue for each wrong member. */
export const pictureRequest = z.object({
  inputs: z.array(z.object({
    name: z.string().meta({ const: 'image' }),
    shape: z.array(z.number().int()).max(MAX_DIMS),
    datatype: z.string().meta({ const: 'BYTES' }),
    parameters: z.looseObject({ encoding: z.string().optional() }).optional(),
    data: z.array(z.string()).length(1),
  })).length(1),
  parameters: z.looseObject(askParameters.shape).optional()
    .meta({ description: 'For a task that generates.' }),
})

/** @throws ApiError `invalid_input` or `too_large` */
export function readInferBody(
  type: string,
  body: Uint8Array,
  takes?: Takes,
  text = false,
  document = false,
): Pick<Payload, 'meta' | 'bytes' | 'pixels'> {
  if (text) return type === TEXT ? textPayload(body) : textFromJson(body)
  if (takes !== undefined) return tensorsFromJson(takes, body)
  if (document && isDocumentType(type)) return documentOf(body, type)
  if (isPictureType(type)) return pictureOf(body, type)
  const { picture, ask } = pictureFromJson(body)
  return withAsk(document ? documentOf(picture) : pictureOf(picture), ask)
}

/** @throws ApiError `invalid_input` or `too_large` */
export const tensorsFromJson = (takes: Takes, body: Uint8Array, most = TENSORS) =>
  readTensors(takes, parseAs(inferenceRequest, body, most).inputs, undefined)

function textFromJson(body: Uint8Array): Pick<Payload, 'meta' | 'bytes'> {
  const { inputs: [input], parameters = {} } = parseAs(textRequest, body, ELEMENTS, true)
  if (input?.name !== 'text' || input.datatype !== 'BYTES') {
    const message = 'Cannot use the request: its one input must be named text, of datatype BYTES'
    throw new ApiError('invalid_input', message)
  }
  return textPayload(input.data[0]!, askFrom(parameters))
}

function pictureFromJson(body: Uint8Array): { picture: Uint8Array; ask: Ask } {
  const fail = (what: string): never => {
    throw new ApiError('invalid_input', `Cannot use the request: ${what}`)
  }
  const { inputs: [input], parameters = {} } = parseAs(pictureRequest, body, ELEMENTS)
  const data = input?.data[0]
  if (input === undefined || data === undefined) return fail('inputs.0.data must hold one string')
  if (input.name !== 'image' || input.datatype !== 'BYTES') {
    return fail('its one input must be named image, of datatype BYTES')
  }
  if (input.parameters?.encoding !== 'base64') {
    return fail('a picture in JSON needs parameters.encoding "base64"')
  }
  try {
    return { picture: Uint8Array.fromBase64(data), ask: askFrom(parameters) }
  } catch {
    return fail('inputs.0.data.0 is not base64')
  }
}
