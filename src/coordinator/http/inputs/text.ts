/**
 * A text, or a conversation, as the input of a query.
 *
 * @module
 */
import type { Ask, Message } from '../../../pipeline/generate.ts'
import { ApiError } from '../../core/api_error.ts'
import type { Payload } from '../../nodes/payload.ts'

/** Bytes of one query's text, in UTF-8. */
export const MAX_TEXT_BYTES = 1024 * 1024

type Input = Pick<Payload, 'meta' | 'bytes'>

/** @throws ApiError `too_large`; `invalid_input` for an empty text, or bytes that are not UTF-8 */
export function textPayload(text: string | Uint8Array, ask: Ask = {}, param?: string): Input {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  if (bytes.byteLength === 0) {
    throw new ApiError('invalid_input', 'Cannot use the text: it is empty', undefined, param)
  }
  checkLength(bytes, param)
  if (typeof text !== 'string') checkUtf8(bytes)
  return { meta: metaOf('text/plain', ask), bytes }
}

/** @throws ApiError `too_large` */
export function chatPayload(messages: readonly Message[], ask: Ask): Input {
  const bytes = new TextEncoder().encode(JSON.stringify(messages))
  checkLength(bytes, 'messages')
  return { meta: metaOf('application/json', ask), bytes }
}

/** A picture with the parameters of generation, for a later task. */
export const withAsk = <Whole extends Input>(payload: Whole, ask: Ask): Whole => ({
  ...payload,
  meta: { ...payload.meta, ...askOf(ask) },
})

const metaOf = (type: string, ask: Ask): Input['meta'] => ({ type, ...askOf(ask) })

const askOf = (ask: Ask): Input['meta'] =>
  Object.keys(ask).length === 0 ? {} : { ask: ask as Input['meta'] }

function checkLength({ byteLength }: Uint8Array, param: string | undefined): void {
  if (byteLength <= MAX_TEXT_BYTES) return
  const message = `Cannot take ${byteLength} bytes of text: at most ${MAX_TEXT_BYTES} a query`
  throw new ApiError('too_large', message, undefined, param)
}

function checkUtf8(bytes: Uint8Array): void {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ApiError('invalid_input', 'Cannot use the text: it is not UTF-8')
  }
}
