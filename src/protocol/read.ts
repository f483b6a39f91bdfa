/**
 * From what a socket delivers to a checked message, and back.
 *
 * @module
 */
import type { z } from 'zod'
import { isBrief } from './breadth.ts'
import { ProtocolError } from './error.ts'
import {
  createReassembler,
  decodeFrame,
  encodeFrames,
  MAX_MESSAGE_BYTES,
  type Room,
} from './frame.ts'
import {
  type CoordinatorMessage,
  coordinatorMessage,
  MAX_FRAME_BYTES,
  type NodeMessage,
  nodeMessage,
} from './messages.ts'
import { quickBatch, quickResult } from './quick.ts'

export interface Received<Message> {
  message: Message
  blobs: Uint8Array[]
  /** Of the whole message as it came; absent where it did not come from the other side. */
  bytes?: number
}

/** What a socket's message event carries as `data`, binary type `arraybuffer`. */
export type WireData = string | ArrayBuffer

/** Reads what nodes send. One reader a link: it holds the fragments under way. */
export const createNodeMessageReader = () => createReader<NodeMessage>(nodeMessage, quickResult)
/** Reads what coordinators send. */
export const createCoordinatorMessageReader = () =>
  createReader<CoordinatorMessage>(coordinatorMessage, quickBatch)

/** Those that the largest message travels in. */
const MOST_FRAMES = MAX_MESSAGE_BYTES / MAX_FRAME_BYTES
/** A path goes through names that the other side gave. */
const MAX_PATH = 200

function createReader<Message>(
  schema: z.ZodType<Message>,
  quick: (value: unknown) => Message | undefined,
) {
  const reassemble = createReassembler()
  const take = (value: unknown) => quick(value) ?? check(schema, brief(value))
  /** @throws ProtocolError; `undefined` while fragments are missing */
  return function read(data: WireData): Received<Message> | undefined {
    const size = typeof data === 'string' ? data.length : data.byteLength
    if (size > MAX_FRAME_BYTES) {
      throw new ProtocolError(
        'too_large',
        `Cannot take a frame of ${size} bytes: the most is ${MAX_FRAME_BYTES}`,
      )
    }
    if (typeof data === 'string') {
      return { message: take(parseJson(data)), blobs: [], bytes: size }
    }
    const whole = reassemble(new Uint8Array(data))
    if (whole === undefined) return undefined
    const { header, blobs } = decodeFrame(whole)
    return { message: take(header), blobs, bytes: whole.byteLength }
  }
}

/**
 * The version that a first message speaks of, whatever else is in it; `undefined` if it is no hello.
 * A hello of another version may look different, and is to be told so, not called malformed.
 */
export function versionOfHello(data: WireData): number | undefined {
  if (typeof data !== 'string' || data.length > 65_536) return undefined
  try {
    const message = JSON.parse(data)
    const isHello = message?.type === 'hello' && Number.isInteger(message.protocol)
    return isHello ? message.protocol : undefined
  } catch {
    return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ProtocolError('malformed', 'Cannot read message: it is not JSON')
  }
}

function brief(value: unknown): unknown {
  if (isBrief(value)) return value
  throw new ProtocolError('malformed', 'Cannot read message: it has too many entries')
}

function check<Message>(schema: z.ZodType<Message>, value: unknown): Message {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const where = issue?.path.join('.').slice(0, MAX_PATH) ?? ''
  const what = `Cannot read message: ${where} ${issue?.message ?? 'is not one'}`
  throw new ProtocolError('malformed', what, batchOf(value))
}

/** The batch that a message is the end of, by its header, whatever else is wrong with it. */
function batchOf(value: unknown): number | undefined {
  const { type, batch } = (value ?? {}) as { type?: unknown; batch?: unknown }
  if (type !== 'result' && type !== 'batch_failed') return undefined
  return Number.isSafeInteger(batch) && (batch as number) >= 0 ? batch as number : undefined
}

/**
 * A message as what a socket sends: text without blobs, else one binary frame (or its fragments).
 *
 * @param serial a number not used for another message under way on this link
 * @throws ProtocolError for a message larger than the other side puts together
 */
export function encodeMessage(
  message: NodeMessage | CoordinatorMessage,
  blobs: readonly Uint8Array[] = [],
  serial = 0,
): WireData[] {
  const frames = Array.from(
    framesOf(message, blobs, serial),
    (frame) => typeof frame === 'string' ? frame : frame.buffer,
  )
  if (frames.length > MOST_FRAMES) {
    throw new ProtocolError(
      'too_large',
      `Cannot send a message of over ${MAX_MESSAGE_BYTES} bytes`,
    )
  }
  return frames
}

/** As {@linkcode encodeMessage}, one by one, in room that is written over with the next. */
export function framesOf(
  message: NodeMessage | CoordinatorMessage,
  blobs: readonly Uint8Array[],
  serial: number,
  room?: Room,
): Iterable<string | Uint8Array<ArrayBuffer>> {
  if (blobs.length === 0) {
    const text = JSON.stringify(message)
    // No character of a string takes more than three bytes.
    if (3 * text.length <= MAX_FRAME_BYTES) return [text]
  }
  return encodeFrames(message, blobs, serial, MAX_FRAME_BYTES, room)
}
