import { ApiError } from './api_error.ts'
import type { Deadlines } from './deadlines.ts'

/** Largest request body, in bytes. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024
/** Longest time that a body may take, whatever the deadline: a slow sender holds memory. */
const MAX_BODY_MS = 30_000
/** Bodies up to this are read whole, which is much faster; no read of theirs can be ended early. */
const WHOLE_BYTES = 1024 * 1024
/** Bytes of bodies that have not come to their end, all together. */
const MAX_UNDER_WAY_BYTES = 512 * 1024 * 1024
const RETRY_MS = 1000

let underWayBytes = 0

/**
 * Reads a body of bounded size; stops reading where the bound is passed, declared length or not.
 *
 * @param lateMs the deadline counts from arrival, so a body that trickles in uses it up
 * @throws ApiError `too_large`; `invalid_input` when it ends early; `deadline_exceeded`
 */
export function readBody(
  request: Request,
  deadlines: Deadlines,
  nowMs: number,
  lateMs: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const late: Late = {}
    const callOff = deadlines.at(Math.min(lateMs, nowMs + MAX_BODY_MS), () => {
      reject(new ApiError('deadline_exceeded', 'Cannot answer in time: the body took too long'))
      late.end?.()
    })
    read(request, late).then(
      (body) => {
        callOff()
        resolve(body)
      },
      (error) => {
        callOff()
        reject(error)
      },
    )
  })
}

/** Ends a read, where it can be ended. */
interface Late {
  end?: () => void
}

const tooLarge = () =>
  new ApiError('too_large', `Cannot take a body of over ${MAX_BODY_BYTES} bytes: send less`)

async function read(request: Request, late: Late): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  if (Number(declared ?? 0) > MAX_BODY_BYTES) {
    await request.body?.cancel()
    throw tooLarge()
  }
  try {
    // HTTP holds the body to its declared length.
    if (declared !== null && Number(declared) <= WHOLE_BYTES) {
      hold(Number(declared))
      try {
        return await request.bytes()
      } finally {
        underWayBytes -= Number(declared)
      }
    }
    if (request.body === null) return new Uint8Array()
    return await readChunks(request.body.getReader(), late)
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new ApiError('invalid_input', 'Cannot read the body: it ended early')
  }
}

/** @throws ApiError `queue_full` where there is no room */
function hold(bytes: number): void {
  if (underWayBytes + bytes > MAX_UNDER_WAY_BYTES) {
    throw new ApiError('queue_full', 'Cannot take a body: too many are on their way', RETRY_MS)
  }
  underWayBytes += bytes
}

async function readChunks(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  late: Late,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  const cancel = () => reader.cancel().catch(() => {})
  late.end = cancel
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (size + value.byteLength > MAX_BODY_BYTES) throw tooLarge()
      hold(value.byteLength)
      size += value.byteLength
      chunks.push(value)
    }
    const body = new Uint8Array(size)
    let at = 0
    for (const chunk of chunks) {
      body.set(chunk, at)
      at += chunk.byteLength
    }
    return body
  } catch (error) {
    await cancel()
    throw error
  } finally {
    underWayBytes -= size
  }
}
