/**
 * `POST /v2/models/{m}/infer`, the way in: JSON, or JSON with the tensors' bytes behind it.
 *
 * @module
 */
import type { Takes } from '../../../pipeline/takes.ts'
import { ApiError } from '../../core/api_error.ts'
import { ELEMENTS, parseAs, TENSORS } from '../../http/bodies/json.ts'
import { documentOf } from '../../http/inputs/document.ts'
import { pictureOf } from '../../http/inputs/picture.ts'
import { textPayload } from '../../http/inputs/text.ts'
import type { Payload } from '../../nodes/payload.ts'
import type { OcrQuery } from '../adapters/ocr_query.ts'
import { MAX_TIMEOUT_MS } from '../common/infer_request.ts'
import { askFrom, askParameters } from '../generate/ask.ts'
import type { TextQuery } from '../generate/text_query.ts'
import type { JobOptions } from '../jobs/schemas.ts'
import { INPUT, TEXT_INPUT } from './model.ts'
import { type InferenceRequest, inferenceRequest, MAX_DIMS, type RequestInput } from './schemas.ts'
import { readTensors, wholeInput } from './tensor_input.ts'
import { DATATYPES, decodeBytes } from './tensors.ts'

/** The query of a body. Plain data. */
export interface BodyQuery {
  /** Pictures, texts, or one set of tensors; each is a query of its own. */
  payloads: Omit<Payload, 'kept'>[]
  /** Names of outputs, in the order of the request. */
  outputs: { name: string; binary: boolean }[]
  id?: string | undefined
  /** Time limit in `parameters`, where they have one. */
  budgetMs?: number | undefined
  minAccuracy?: number | undefined
  /** The text query of calls that generate; `payloads` are its pictures. */
  text?: TextQuery
  /** The query of Mistral's API; `payloads` is its document, where the body has it. */
  ocr?: OcrQuery
  /** Options of a job; `payloads` are its inputs. */
  job?: JobOptions
}

/** The inputs and outputs of a model, against which requests are checked. */
export interface RequestModel {
  takes: Takes | undefined
  /** Whether a query is a text. */
  text?: boolean
  /** Whether a query is a document. */
  document?: boolean
  outputs: readonly { name: string }[]
}

const MAX_PICTURES = 64

const fail = (what: string, fault: string): never => {
  throw new ApiError('invalid_input', `Cannot use ${what}: ${fault}`)
}

/** Checks the type of a body, which a client may leave out. */
export function checkContentType(headers: Headers): void {
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (['', 'application/json', 'application/octet-stream'].includes(type)) return
  throw new ApiError(
    'unsupported_type',
    `Cannot take content-type ${type}: send application/json, or application/octet-stream with ` +
      'Inference-Header-Content-Length',
  )
}

/**
 * @param jsonLength the header `Inference-Header-Content-Length`; null where there is none
 * @throws ApiError `invalid_input` or `too_large`
 */
export function readRequest(
  model: RequestModel,
  jsonLength: string | null,
  body: Uint8Array,
): BodyQuery {
  const split = jsonLength === null ? body.byteLength : lengthOf(jsonLength, body.byteLength)
  // A length of 0: the body is the one input's elements, and there is no JSON.
  const isWhole = jsonLength !== null && split === 0
  const json = isWhole ? whole(model, body.byteLength) : parseAs(
    inferenceRequest,
    body.subarray(0, split),
    model.takes === undefined ? ELEMENTS : TENSORS,
    model.text,
  )
  const binary = jsonLength === null ? undefined : body.subarray(split)
  const { parameters = {} } = json
  return {
    id: json.id,
    payloads: payloadsOf(model, json, binary, isWhole),
    outputs: readOutputs(model, json, parameters['binary_data_output']),
    budgetMs: budgetOf(parameters['timeout']),
    minAccuracy: accuracyOf(parameters['min_accuracy']),
  }
}

function payloadsOf(
  { takes, text = false, document = false }: RequestModel,
  { inputs, parameters = {} }: InferenceRequest,
  binary: Uint8Array | undefined,
  isWhole: boolean,
): BodyQuery['payloads'] {
  if (takes !== undefined) return [readTensors(takes, inputs, binary)]
  const name = text ? TEXT_INPUT : INPUT
  const elements = readInput(onlyInput(inputs, name), binary, isWhole)
  const ask = text ? askIn(parameters) : {}
  return elements.map((bytes, i) => {
    try {
      if (text) return textPayload(bytes, ask)
      return document ? documentOf(bytes) : pictureOf(bytes)
    } catch (error) {
      if (elements.length === 1 || !(error instanceof ApiError)) throw error
      // The message names the faulty element.
      throw new ApiError(error.reason, `${error.message} (element ${i} of input ${name})`)
    }
  })
}

function askIn(parameters: object) {
  const read = askParameters.safeParse(parameters)
  if (read.success) return askFrom(read.data)
  const [issue] = read.error.issues
  return fail(`parameters.${issue?.path.join('.')}`, issue?.message ?? 'not as expected')
}

function lengthOf(text: string, bodyBytes: number): number {
  const length = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (length <= bodyBytes) return length
  return fail(
    'Inference-Header-Content-Length',
    `must be an integer of at most the body's ${bodyBytes} bytes: received ${text.slice(0, 40)}`,
  )
}

const whole = ({ takes, text = false }: RequestModel, bytes: number): InferenceRequest => ({
  inputs: [
    takes === undefined
      ? {
        ...{ name: text ? TEXT_INPUT : INPUT, shape: [1], datatype: 'BYTES' },
        parameters: { binary_data_size: bytes },
      }
      : wholeInput(takes, bytes),
  ],
})

function onlyInput(inputs: readonly RequestInput[], own: string): RequestInput {
  for (const { name } of inputs) {
    if (name !== own) fail(`input ${quote(name)}`, `the model has one input, ${own}`)
  }
  const [input, second] = inputs
  if (input === undefined) return fail('the request', `input ${own} is missing`)
  if (second !== undefined) return fail(`input ${own}`, 'it is there more than once')
  return input
}

function readInput(
  { name, shape, datatype, parameters = {}, data }: RequestInput,
  binary: Uint8Array | undefined,
  isWhole: boolean,
): Uint8Array[] {
  const what = `input ${name}`
  const things = name === INPUT ? 'pictures' : 'texts'
  if (!DATATYPES.includes(datatype)) fail(what, `datatype ${quote(datatype)} is not one of v2`)
  if (datatype !== 'BYTES') fail(what, `datatype must be BYTES: received ${datatype}`)
  const [count = 0] = shape
  if (shape.length !== 1 || count < 1) {
    fail(what, `shape must be [n], n ${things} of at least 1: received ${JSON.stringify(shape)}`)
  }
  if (count > MAX_PICTURES) {
    throw new ApiError(
      'too_large',
      `Cannot take ${count} ${things}: at most ${MAX_PICTURES} a call`,
    )
  }
  const size = parameters['binary_data_size']
  const elements = size === undefined
    ? fromJson(what, data, parameters['encoding'], count, name === TEXT_INPUT)
    : fromBinary(what, size, data, binary, isWhole, count)
  if (size === undefined && binary !== undefined && binary.byteLength > 0) {
    fail('the body', `${binary.byteLength} bytes follow the JSON, and no input claims them`)
  }
  if (elements.length !== count) {
    const found = elements.length > count ? `over ${count}` : elements.length
    fail(what, `shape [${count}] does not fit its ${found} elements`)
  }
  return elements
}

function fromJson(
  what: string,
  data: unknown[] | undefined,
  encoding: unknown,
  most: number,
  plain: boolean,
): Uint8Array[] {
  if (data === undefined) {
    return fail(what, 'it has neither data nor parameters.binary_data_size')
  }
  if (!plain && encoding !== 'base64') {
    return fail(what, 'a picture in JSON needs parameters.encoding "base64"')
  }
  const flat = data.flat(MAX_DIMS)
  return flat.slice(0, most + 1).map((element, i) => {
    if (typeof element !== 'string') return fail(what, `element ${i} of data is not a string`)
    if (encoding !== 'base64') return new TextEncoder().encode(element)
    try {
      return Uint8Array.fromBase64(element)
    } catch {
      return fail(what, `element ${i} of data is not base64`)
    }
  })
}

function fromBinary(
  what: string,
  size: unknown,
  data: unknown[] | undefined,
  binary: Uint8Array | undefined,
  isWhole: boolean,
  most: number,
): Uint8Array[] {
  if (data !== undefined) return fail(what, 'it has both data and parameters.binary_data_size')
  if (binary === undefined) {
    return fail(what, 'binary data needs the header Inference-Header-Content-Length')
  }
  if (size !== binary.byteLength) {
    return fail(what, `binary_data_size is ${size}, and ${binary.byteLength} bytes follow the JSON`)
  }
  if (isWhole) return [binary]
  return decodeBytes(binary, most) ??
    fail(what, 'its binary data is not elements of a length in four bytes and as many bytes')
}

function readOutputs(
  { outputs }: RequestModel,
  request: InferenceRequest,
  all: unknown,
): BodyQuery['outputs'] {
  const byDefault = truth('parameters.binary_data_output', all) ?? false
  if (request.outputs === undefined || request.outputs.length === 0) {
    return outputs.map(({ name }) => ({ name, binary: byDefault }))
  }
  const seen = new Set<string>()
  return request.outputs.map(({ name, parameters = {} }) => {
    const what = `output ${quote(name)}`
    if (!outputs.some((one) => one.name === name)) {
      return fail(what, `the model has ${outputs.map((one) => one.name).join(', ')}`)
    }
    if (seen.has(name)) return fail(what, 'it is asked for more than once')
    seen.add(name)
    return { name, binary: truth(`${what}, binary_data`, parameters['binary_data']) ?? byDefault }
  })
}

function truth(what: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  return fail(what, `must be true or false: received ${quote(String(value))}`)
}

function budgetOf(timeoutUs: unknown): number | undefined {
  if (timeoutUs === undefined) return undefined
  const most = MAX_TIMEOUT_MS * 1000
  if (typeof timeoutUs === 'number' && Number.isInteger(timeoutUs)) {
    if (timeoutUs >= 1 && timeoutUs <= most) return timeoutUs / 1000
  }
  return fail(
    'parameters.timeout',
    `must be an integer 1..${most}, microseconds: received ${quote(String(timeoutUs))}`,
  )
}

function accuracyOf(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && value >= 0 && value <= 1) return value
  return fail(
    'parameters.min_accuracy',
    `must be a number 0..1: received ${quote(String(value))}`,
  )
}

const quote = (text: string) => JSON.stringify(text.slice(0, 100))
