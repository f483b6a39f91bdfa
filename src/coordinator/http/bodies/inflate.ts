/**
 * Bodies that come compressed, inflated piece by piece, so that one that grows without end is known
 * by what has come of it so far.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'
import { gather } from './gather.ts'
import { inSteps } from './in_steps.ts'

export const ENCODINGS = ['gzip', 'deflate'] as const
/** `deflate` is the format of zlib, as HTTP has it. */
export type Encoding = typeof ENCODINGS[number]

/** What goes in at a time; deflate makes 1,032 times as much of it at most: 16 MiB. */
const STEP_BYTES = 16 * 1024

/**
 * How a body is compressed; `undefined` where it is not.
 *
 * @throws ApiError `unsupported_type`
 */
export function readEncoding(headers: Headers): Encoding | undefined {
  const told = headers.get('content-encoding')
  if (told === null) return undefined
  const encoding = told.trim().toLowerCase()
  if (encoding === '' || encoding === 'identity') return undefined
  const known = ENCODINGS.find((one) => one === encoding)
  if (known !== undefined) return known
  throw new ApiError(
    'unsupported_type',
    `Cannot take content-encoding ${told.slice(0, 40)}: send ${ENCODINGS.join(', ')}, or the ` +
      'body as it is',
  )
}

/**
 * @param most bytes that it may become
 * @throws ApiError `too_large`, or `invalid_input` for what is not compressed so, or cut short
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
