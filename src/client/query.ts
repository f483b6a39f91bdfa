/** @module What a query brings: a picture, a text, or tensors. */
import { type Picture, typed } from './picture.ts'

/** Types of elements, by the names of the Open Inference Protocol. */
export type Datatype =
  | 'FP16'
  | 'FP32'
  | 'FP64'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'BOOL'

/** One input of a pipeline that takes tensors. */
export interface TensorInput {
  name: string
  /** `FP16` has no form in JSON: it is for `/v2`, as binary data. */
  datatype: Exclude<Datatype, 'FP16'>
  shape: readonly number[]
  /** Elements row by row; typed arrays will do. */
  data: ArrayLike<number | boolean>
}

/** A tensor in `outputs`; its elements are truth values where it is `BOOL`. */
export interface TensorOutput<Element = number> {
  datatype: Datatype
  shape: number[]
  data: Element[]
}

/** Each input of the pipeline once; `GET /v2/models/NAME` tells which those are. */
export interface TensorQuery {
  inputs: readonly TensorInput[]
}

/** How to generate; what is absent is the pipeline's own. */
export interface Ask {
  maxTokens?: number
  /** 0 by default: always the likeliest token. */
  temperature?: number
  topP?: number
  /** With the same one a variant says the same. */
  seed?: number
  /** Texts that end it, up to 5. */
  stop?: string | readonly string[]
  /** JSON schema that the answer keeps to. */
  schema?: Record<string, unknown>
}

/** For pipelines that take a text. */
export interface TextQuery extends Ask {
  text: string
}

export type Query = Picture | TextQuery | TensorQuery

const isTensors = (query: Query): query is TensorQuery =>
  typeof query === 'object' && query !== null && 'inputs' in query
const isText = (query: Query): query is TextQuery =>
  typeof query === 'object' && query !== null && 'text' in query &&
  typeof query.text === 'string'

/**
 * As it is sent, with its media type.
 *
 * @param ask of a task that generates behind a picture
 * @throws TypeError for what is no query
 */
export async function bodyOf(query: Query, ask: Ask = {}): Promise<Blob> {
  if (isText(query)) {
    const { text, ...own } = query
    return asJson({ name: 'text', shape: [1], datatype: 'BYTES', data: [text] }, { ...own, ...ask })
  }
  if (!isTensors(query)) {
    const picture = await typed(query)
    if (Object.keys(ask).length === 0) return picture
    return asJson({
      name: 'image',
      shape: [1],
      datatype: 'BYTES',
      parameters: { encoding: 'base64' },
      data: [base64(new Uint8Array(await picture.arrayBuffer()))],
    }, ask)
  }
  // Typed arrays are objects in JSON.
  const inputs = query.inputs.map((input) => ({ ...input, data: Array.from(input.data) }))
  return new Blob([JSON.stringify({ inputs })], { type: 'application/json' })
}

function asJson(input: object, ask: Ask): Blob {
  const { maxTokens, temperature, topP, seed, stop, schema } = ask
  const parameters = { max_tokens: maxTokens, temperature, top_p: topP, seed, stop, schema }
  return new Blob([JSON.stringify({ inputs: [input], parameters })], { type: 'application/json' })
}

/** Arguments of one call: engines take some ten thousand. */
const STEP = 8192

/** By hand: `toBase64` is younger than many a phone's browser. */
function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += STEP) {
    text += String.fromCharCode(...bytes.subarray(at, at + STEP))
  }
  return btoa(text)
}
