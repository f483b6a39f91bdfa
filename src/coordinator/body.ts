import { ApiError } from './api_error.ts'
import type { Deadlines } from './deadlines.ts'

/** Largest request body, in bytes. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024

/**
 * Reads a body of bounded size; stops reading where the bound is passed, declared length or not.
 *
 * @param lateMs the deadline counts from arrival, so a body that trickles in uses it up
 * @throws ApiError `too_large`; `invalid_input` when it ends early; `deadline_exceeded`
 */
export function readBody(
  request: Request,
  deadlines: Deadlines,
  lateMs: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const late = new AbortController()
    const callOff = deadlines.at(lateMs, () => {
      reject(new ApiError('deadline_exceeded', 'Cannot answer in time: the body took too long'))
      late.abort()
    })
    read(request, late).then(resolve, reject).finally(callOff)
  })
}

const tooLarge = () =>
  new ApiError('too_large', `Cannot take a body of over ${MAX_BODY_BYTES} bytes: send less`)

async function read(request: Request, late: AbortController): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  if (Number(declared ?? 0) > MAX_BODY_BYTES) {
    await request.body?.cancel()
    throw tooLarge()
  }
  try {
    // HTTP holds the body to its declared length, and read whole it is read much faster.
    if (declared !== null) return await request.bytes()
    if (request.body === null) return new Uint8Array()
    return await readChunks(request.body.getReader(), late.signal)
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new ApiError('invalid_input', 'Cannot read the body: it ended early')
  }
}

async function readChunks(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  late: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  const cancel = () => reader.cancel().catch(() => {})
  late.addEventListener('abort', cancel, { once: true })
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      size += value.byteLength
      if (size > MAX_BODY_BYTES) {
        await cancel()
        throw tooLarge()
      }
      chunks.push(value)
    }
  } finally {
    late.removeEventListener('abort', cancel)
  }
  const body = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.byteLength
  }
  return body
}
