import { ApiError } from './api_error.ts'

/** Largest request body, in bytes. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024

/**
 * Reads a body of bounded size; stops reading where the bound is passed, declared length or not.
 *
 * @throws ApiError `too_large`; `invalid_input` when it ends early
 */
export async function readBody(request: Request, signal: AbortSignal): Promise<Uint8Array> {
  const tooLarge = () =>
    new ApiError('too_large', `Cannot take a body of over ${MAX_BODY_BYTES} bytes: send less`)
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES) {
    await request.body?.cancel()
    throw tooLarge()
  }
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body.getReader()
  const cancel = () => reader.cancel().catch(() => {})
  signal.addEventListener('abort', cancel, { once: true })
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
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new ApiError('invalid_input', 'Cannot read the body: it ended early')
  } finally {
    signal.removeEventListener('abort', cancel)
  }
  if (chunks.length === 1 && chunks[0] !== undefined) return chunks[0]
  const body = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.byteLength
  }
  return body
}
