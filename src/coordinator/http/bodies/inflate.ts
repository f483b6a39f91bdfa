/**
 * Compressed bodies, inflated piece by piece, so that a body that grows without end is refused
 * early.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'
import { gather } from './gather.ts'

export const ENCODINGS = ['gzip', 'deflate'] as const
/** `deflate` is the format of zlib, as HTTP has it. */
export type Encoding = typeof ENCODINGS[number]

/** Bytes that are inflated at a time; deflate makes at most 1,032 times as many of them: 16 MiB. */
const STEP_BYTES = 16 * 1024

/**
 * How a body is compressed; `undefined` where it is not.
 *
 * @throws ApiError `unsupported_type`
 */
export function readEncoding(headers: Headers): Encoding | undefined {
  const header = headers.get('content-encoding')
  if (header === null) return undefined
  const encoding = header.trim().toLowerCase()
  if (encoding === '' || encoding === 'identity') return undefined
  const found = ENCODINGS.find((one) => one === encoding)
  if (found !== undefined) return found
  throw new ApiError(
    'unsupported_type',
    `Cannot take content-encoding ${header.slice(0, 40)}: send ${ENCODINGS.join(', ')}, or the ` +
      'body as it is',
  )
}

/**
 * @param most bytes that the body may inflate to
 * @throws ApiError `too_large`, or `invalid_input` for bytes that are not compressed this way, or
 * cut short
 */
export async function inflate(
  bytes: Uint8Array,
  encoding: Encoding,
  most: number,
): Promise<Uint8Array> {
  const inflated = inSteps(bytes, STEP_BYTES).pipeThrough(new DecompressionStream(encoding))
  try {
    return await gather(inflated, { most, hold: () => {}, tooLong: () => tooLarge(most) }).whole
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new ApiError('invalid_input', `Cannot inflate the body: it is not whole ${encoding}`)
  }
}

const tooLarge = (most: number) =>
  new ApiError('too_large', `Cannot take a body that inflates to over ${most} bytes: send less`)

/**
 * Bytes as a stream of short pieces, so that the event loop gets turns between; nothing is read
 * ahead.
 */
export function inSteps(bytes: Uint8Array, stepBytes: number) {
  let at = 0
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close()
      controller.enqueue(bytes.slice(at, at += stepBytes))
    },
  }, { highWaterMark: 0 })
}
