/**
 * Binary frames: a JSON header and blobs, without base64 and without copies on reading.
 *
 * ```
 * byte 0      0x53 'S'
 * byte 1      kind: 0 whole message, 1 fragment
 * whole:      u16 reserved, u32 headerBytes, u32 blobCount, u32 blobBytes[blobCount], header, blobs
 * fragment:   u16 reserved, u32 message, u32 index, u32 count, slice of a whole message
 * ```
 * All integers little-endian. A message larger than a frame may be travels as fragments, in order.
 *
 * @module
 */
import { ProtocolError } from './error.ts'

const MAGIC = 0x53
const WHOLE = 0
const FRAGMENT = 1
const FRAGMENT_HEAD_BYTES = 16
/** Far more than the largest message needs; each takes some memory of its own, however small it is. */
const MAX_FRAGMENTS = 1024
/** Largest message put together from fragments. */
export const MAX_MESSAGE_BYTES = 96 * 1024 * 1024
/** Most blobs of a message. */
export const MAX_BLOBS = 8192

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export interface Frame {
  header: unknown
  /** Views into the received bytes. */
  blobs: Uint8Array[]
}

/** Gives as many bytes to write to, whatever is in them. */
export type Room = (bytes: number) => Uint8Array<ArrayBuffer>

const fresh: Room = (bytes) => new Uint8Array(bytes)

/**
 * Room that is used again and again, for frames that are copied as they are sent, as a WebSocket's
 * are: to give each some memory of its own takes longer than to fill it. As large as the largest was.
 *
 * @param mostBytes what is larger gets memory of its own
 */
export function createRoom(mostBytes: number): Room {
  let all = new Uint8Array(0)
  return (bytes) => {
    if (bytes > mostBytes) return fresh(bytes)
    if (bytes > all.byteLength) all = new Uint8Array(2 ** Math.ceil(Math.log2(bytes)))
    return all.subarray(0, bytes)
  }
}

/** Most headers fit; a larger one gets memory of its own. */
const scratch = new Uint8Array(16 * 1024)

function encodeText(text: string): Uint8Array {
  // No character of a string takes more than three bytes.
  if (3 * text.length > scratch.byteLength) return encoder.encode(text)
  return scratch.subarray(0, encoder.encodeInto(text, scratch).written)
}

/** One message as bytes. The one copy made of a blob on its way out. */
export function encodeFrame(
  header: unknown,
  blobs: readonly Uint8Array[],
  room: Room = fresh,
): Uint8Array<ArrayBuffer> {
  const [whole] = encodeFrames(header, blobs, 0, Infinity, room)
  return whole!
}

/**
 * As {@linkcode encodeFrame}, in as many frames of at most `maxBytes` as it takes. They come one by one:
 * where room is given, each is written over with the next.
 */
export function encodeFrames(
  header: unknown,
  blobs: readonly Uint8Array[],
  message: number,
  maxBytes: number,
  room: Room = fresh,
): Iterable<Uint8Array<ArrayBuffer>> {
  const head = encodeText(JSON.stringify(header))
  const start = 12 + 4 * blobs.length + head.byteLength
  let total = start
  for (const { byteLength } of blobs) total += byteLength
  if (total > maxBytes) {
    const first = new Uint8Array(start)
    writeStart(first, head, blobs)
    return splitFrame([first, ...blobs], message, maxBytes, room)
  }
  const out = room(total)
  writeStart(out, head, blobs)
  let at = start
  for (const blob of blobs) {
    out.set(blob, at)
    at += blob.byteLength
  }
  return [out]
}

/** What stands before the blobs. */
function writeStart(
  out: Uint8Array<ArrayBuffer>,
  head: Uint8Array,
  blobs: readonly Uint8Array[],
): void {
  const view = new DataView(out.buffer)
  out[0] = MAGIC
  out[1] = WHOLE
  view.setUint16(2, 0)
  view.setUint32(4, head.byteLength, true)
  view.setUint32(8, blobs.length, true)
  for (let i = 0; i < blobs.length; i++) view.setUint32(12 + 4 * i, blobs[i]!.byteLength, true)
  out.set(head, 12 + 4 * blobs.length)
}

/** @throws ProtocolError when the bytes are no whole message */
export function decodeFrame(bytes: Uint8Array): Frame {
  const fail = (what: string): never => {
    throw new ProtocolError('malformed', `Cannot read frame of ${bytes.byteLength} bytes: ${what}`)
  }
  if (bytes.byteLength < 12 || bytes[0] !== MAGIC || bytes[1] !== WHOLE) fail('not a message')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headBytes = view.getUint32(4, true)
  const blobCount = view.getUint32(8, true)
  const tableEnd = 12 + 4 * blobCount
  if (blobCount > MAX_BLOBS || tableEnd + headBytes > bytes.byteLength) fail('it is cut short')
  let header: unknown
  try {
    header = JSON.parse(decoder.decode(bytes.subarray(tableEnd, tableEnd + headBytes)))
  } catch {
    fail('its header is not JSON')
  }
  const blobs: Uint8Array[] = []
  let at = tableEnd + headBytes
  for (let i = 0; i < blobCount; i++) {
    const end = at + view.getUint32(12 + 4 * i, true)
    if (end > bytes.byteLength) fail('a blob is cut short')
    blobs.push(bytes.subarray(at, end))
    at = end
  }
  if (at !== bytes.byteLength) fail('bytes are left over')
  return { header, blobs }
}

/** Cuts an encoded message, which is there in parts, into fragments of at most `maxBytes`. */
export function* splitFrame(
  parts: readonly Uint8Array[],
  message: number,
  maxBytes: number,
  room: Room = fresh,
): Generator<Uint8Array<ArrayBuffer>> {
  const most = maxBytes - FRAGMENT_HEAD_BYTES
  let left = parts.reduce((sum, { byteLength }) => sum + byteLength, 0)
  const count = Math.ceil(left / most)
  let [part, from] = [0, 0]
  for (let index = 0; index < count; index++) {
    const out = room(FRAGMENT_HEAD_BYTES + Math.min(most, left))
    const view = new DataView(out.buffer)
    out[0] = MAGIC
    out[1] = FRAGMENT
    view.setUint16(2, 0)
    view.setUint32(4, message >>> 0, true)
    view.setUint32(8, index, true)
    view.setUint32(12, count, true)
    for (let at = FRAGMENT_HEAD_BYTES; at < out.byteLength;) {
      const some = parts[part]!.subarray(from, from + out.byteLength - at)
      out.set(some, at)
      at += some.byteLength
      left -= some.byteLength
      from += some.byteLength
      if (from === parts[part]!.byteLength) [part, from] = [part + 1, 0]
    }
    yield out
  }
}

/** Puts fragments together again; holds at most one message, of bounded size. */
export function createReassembler(maxBytes = MAX_MESSAGE_BYTES) {
  let parts: Uint8Array[] = []
  let message = -1
  let held = 0
  const fail = (what: string): never => {
    parts = []
    throw new ProtocolError('malformed', `Cannot put fragments together: ${what}`)
  }
  /** The whole message when `bytes` completes or is one, else nothing yet. */
  return function push(bytes: Uint8Array): Uint8Array | undefined {
    if (bytes[0] !== MAGIC || bytes[1] !== FRAGMENT) {
      if (parts.length > 0) fail('another message came between')
      return bytes
    }
    if (bytes.byteLength <= FRAGMENT_HEAD_BYTES) fail('a fragment is empty')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const index = view.getUint32(8, true)
    const count = view.getUint32(12, true)
    if (count > MAX_FRAGMENTS) fail('they are too many')
    if (index !== parts.length || index >= count) fail('one is missing')
    if (index > 0 && view.getUint32(4, true) !== message) fail('they belong to two messages')
    if (index === 0) held = 0
    message = view.getUint32(4, true)
    held += bytes.byteLength - FRAGMENT_HEAD_BYTES
    if (held > maxBytes) {
      parts = []
      throw new ProtocolError('too_large', `Cannot take a message of over ${maxBytes} bytes`)
    }
    parts.push(bytes.subarray(FRAGMENT_HEAD_BYTES))
    if (index + 1 < count) return undefined
    const whole = new Uint8Array(held)
    let at = 0
    for (const part of parts) {
      whole.set(part, at)
      at += part.byteLength
    }
    parts = []
    return whole
  }
}
