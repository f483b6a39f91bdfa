/**
 * The body of a request, of bounded size, in bounded time and memory.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'
import type { Deadlines } from '../../core/deadlines.ts'
import { gather } from './gather.ts'
import { type BodyRoom, createBodyRoom } from './room.ts'

/** Largest request body, in bytes. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024
/** Longest time that a body may take, whatever its deadline: a slow sender holds memory. */
const MAX_BODY_MS = 30_000
/**
 * Bodies up to this size are read whole where there is room, in less than half the time. Such a
 * read cannot be ended before its sender hangs up.
 */
const WHOLE_BYTES = 128 * 1024
/** Bytes of all bodies that are not whole yet. */
const MAX_UNDER_WAY_BYTES = 512 * 1024 * 1024
/** Declared bytes of all bodies that are read whole; others are read as streams. */
const MAX_WHOLE_BYTES = 64 * 1024 * 1024

const shared = createBodyRoom(MAX_UNDER_WAY_BYTES)
const sharedByWhole = createBodyRoom(MAX_WHOLE_BYTES)

export interface BodyOptions {
  /** Key or address of the caller; absent for this machine. */
  address?: string | undefined
  /** Aborted at shutdown, which ends reads under way. */
  draining?: AbortSignal
  room?: BodyRoom
  /** For bodies that are read whole. */
  wholes?: BodyRoom
}

/**
 * Reads a body of bounded size; stops reading where the bound is passed, declared length or not.
 *
 * @param lateMs the deadline counts from arrival, so a body that trickles in uses it up
 * @throws ApiError `too_large`; `invalid_input` when it ends early; `deadline_exceeded`;
 * `draining`
 */
export function readBody(
  request: Request,
  deadlines: Deadlines,
  nowMs: number,
  lateMs: number,
  options: BodyOptions = {},
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const late: Late = {}
    const cancelTimer = deadlines.at(Math.min(lateMs, nowMs + MAX_BODY_MS), () => {
      reject(new ApiError('deadline_exceeded', 'Cannot answer in time: the body took too long'))
      late.end?.()
    })
    read(request, late, options).then(
      (body) => {
        cancelTimer()
        resolve(body)
      },
      (error) => {
        cancelTimer()
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

async function read(
  request: Request,
  late: Late,
  { address, draining, room = shared, wholes = sharedByWhole }: BodyOptions,
): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  // A header that was sent twice is `5, 5`, which is no number.
  const length = /^\d+$/.test(declared ?? '') ? Number(declared) : MAX_BODY_BYTES
  if (length > MAX_BODY_BYTES) {
    await request.body?.cancel()
    throw tooLarge()
  }
  try {
    // HTTP holds the body to its declared length.
    if (length <= WHOLE_BYTES && wholes.fits(length, address)) {
      wholes.hold(length, address)
      try {
        return await request.bytes()
      } finally {
        wholes.hold(-length, address)
      }
    }
    if (request.body === null) return new Uint8Array()
    const { whole, cancel } = gather(request.body, {
      most: length,
      hold: (bytes) => room.hold(bytes, address),
      tooLong: tooLarge,
    })
    late.end = cancel
    return await whole
  } catch (error) {
    if (error instanceof ApiError) throw error
    if (draining?.aborted) throw new ApiError('draining', 'Cannot take a query: shutting down')
    throw new ApiError(
      'invalid_input',
      'Cannot read the body: it ended early; keep the connection open until the answer',
    )
  }
}

/** The room of bodies, also for whole bodies until they are parsed. */
export const bodyRoom: BodyRoom = shared
