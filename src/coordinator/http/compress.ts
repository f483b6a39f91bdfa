/**
 * Answers compressed for clients that accept it, piece by piece, so that a long answer does not
 * hold the event loop.
 *
 * @module
 */
import { type Encoding, ENCODINGS, inSteps } from './bodies/inflate.ts'

/** Shorter answers are a few packets, and arrive sooner uncompressed. */
export const LEAST_BYTES = 16 * 1024
/** Bytes that are compressed in one turn, in about a millisecond. */
const STEP_BYTES = 32 * 1024

/** The first of `ENCODINGS` that a client accepts; `undefined` where it accepts none. */
export function encodingFor(headers: Headers): Encoding | undefined {
  const taken = (headers.get('accept-encoding') ?? '').toLowerCase().split(',')
    .map((one) => one.split(';').map((part) => part.trim()))
    .filter(([, q = 'q=1']) => !/^q=0(\.0*)?$/.test(q))
    .map(([name]) => name)
  return ENCODINGS.find((one) => taken.includes(one))
}

/**
 * The body to send: uncompressed where it is short or the client accepts no encoding.
 *
 * @param request headers of the request
 * @param own headers of the answer, to which those of the encoding are added
 */
export function compressed(
  request: Headers,
  body: Uint8Array<ArrayBuffer> | string,
  own: Record<string, string>,
): BodyInit {
  const isShort = (typeof body === 'string' ? body.length : body.byteLength) < LEAST_BYTES
  const encoding = isShort ? undefined : encodingFor(request)
  if (encoding === undefined) return body
  own['content-encoding'] = encoding
  own['vary'] = 'accept-encoding'
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return inSteps(bytes, STEP_BYTES).pipeThrough(new CompressionStream(encoding))
}
