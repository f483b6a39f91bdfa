/**
 * Answers compressed for those who ask for it, piece by piece, so that a long one keeps the event
 * loop at no go for long.
 *
 * @module
 */
import { inSteps } from './bodies/in_steps.ts'
import { type Encoding, ENCODINGS } from './bodies/inflate.ts'

/** Less is sent in one packet or a few, and sooner as it is. */
export const LEAST_BYTES = 16 * 1024
/** What is compressed at a go, in about a millisecond. */
const STEP_BYTES = 32 * 1024

/** The first of ours that a client takes; `undefined` where it takes none. */
export function encodingFor(headers: Headers): Encoding | undefined {
  const taken = (headers.get('accept-encoding') ?? '').toLowerCase().split(',')
    .map((one) => one.split(';').map((part) => part.trim()))
    .filter(([, q = 'q=1']) => !/^q=0(\.0*)?$/.test(q))
    .map(([name]) => name)
  return ENCODINGS.find((one) => taken.includes(one))
}

/**
 * What to send of an answer: as it is, where it is short or the client takes nothing else.
 *
 * @param asked headers of the request
 * @param own headers of the answer, which are told of it
 */
export function compressed(
  asked: Headers,
  body: Uint8Array<ArrayBuffer> | string,
  own: Record<string, string>,
): BodyInit {
  const isShort = (typeof body === 'string' ? body.length : body.byteLength) < LEAST_BYTES
  const encoding = isShort ? undefined : encodingFor(asked)
  if (encoding === undefined) return body
  own['content-encoding'] = encoding
  own['vary'] = 'accept-encoding'
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return inSteps(bytes, STEP_BYTES).pipeThrough(new CompressionStream(encoding))
}
