/**
 * WebSocket frames (RFC 6455, section 5) as a client sends and receives them.
 *
 * @module
 */
import type { WireData } from '../../protocol/read.ts'

export const OPCODE = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** One whole frame, masked as a client must; head and payload in one piece. */
export function encodeClientFrame(
  opcode: number,
  payload: Uint8Array,
  mask: Uint8Array,
): Uint8Array {
  const size = payload.byteLength
  const extra = size < 126 ? 0 : size < 65_536 ? 2 : 8
  const start = 2 + extra + 4
  const out = new Uint8Array(start + size)
  const view = new DataView(out.buffer)
  out[0] = 0x80 | opcode
  out[1] = 0x80 | (extra === 0 ? size : extra === 2 ? 126 : 127)
  if (extra === 2) view.setUint16(2, size)
  if (extra === 8) view.setBigUint64(2, BigInt(size))
  out.set(mask.subarray(0, 4), 2 + extra)
  out.set(payload, start)
  maskInPlace(out, start, mask)
  return out
}

/** Four bytes at a time where memory allows: a result with crops is most of a megabyte. */
function maskInPlace(out: Uint8Array<ArrayBuffer>, start: number, mask: Uint8Array): void {
  let at = start
  for (; at < out.length && at % 4 !== 0; at++) out[at]! ^= mask[(at - start) % 4]!
  if (at === out.length) return
  const words = new Uint32Array(out.buffer, at, Math.floor((out.length - at) / 4))
  const turned = new Uint8Array(4)
  for (let i = 0; i < 4; i++) turned[i] = mask[(at - start + i) % 4]!
  const word = new Uint32Array(turned.buffer)[0]!
  for (let i = 0; i < words.length; i++) words[i]! ^= word
  for (at += words.length * 4; at < out.length; at++) out[at]! ^= mask[(at - start) % 4]!
}

export interface FrameHandlers {
  message(data: WireData): void
  ping(payload: Uint8Array): void
  /** `code` is 1005 where the other side named none. */
  close(code: number, reason: string): void
  /** The stream cannot be read on. */
  fault(code: number, reason: string): void
}

interface Part {
  opcode: number
  final: boolean
  payload: Uint8Array<ArrayBuffer>
  filled: number
}

/** Takes the stream in chunks of any size; calls the handlers as messages become whole. */
export function createFrameParser(maxBytes: number, handlers: FrameHandlers) {
  const head = new Uint8Array(10)
  let headBytes = 0
  let part: Part | undefined
  let pieces: Uint8Array[] = []
  let opcode = 0
  let over = false

  function fault(code: number, reason: string): void {
    over = true
    handlers.fault(code, reason)
  }

  function finishPart({ opcode: kind, final, payload }: Part): void {
    if (kind === OPCODE.ping) return handlers.ping(payload)
    if (kind === OPCODE.pong) return
    if (kind === OPCODE.close) {
      over = true
      const code = payload.length < 2 ? 1005 : payload[0]! * 256 + payload[1]!
      return handlers.close(code, new TextDecoder().decode(payload.subarray(2)))
    }
    if ((kind === OPCODE.more) !== (pieces.length > 0) || kind > OPCODE.binary) {
      return fault(1002, `a frame of kind ${kind} is out of place`)
    }
    if (kind !== OPCODE.more) opcode = kind
    pieces.push(payload)
    const size = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
    if (size > maxBytes) return fault(1009, `a message of over ${maxBytes} bytes`)
    if (!final) return
    const whole = pieces.length === 1 ? payload : join(pieces, size)
    pieces = []
    handlers.message(opcode === OPCODE.text ? new TextDecoder().decode(whole) : whole.buffer)
  }

  /** Size of the head, as far as its first bytes tell. */
  function headSize(): number {
    const short = head[1]! & 0x7f
    return headBytes < 2 || short < 126 ? 2 : short === 126 ? 4 : 10
  }

  function beginPart(): void {
    const view = new DataView(head.buffer)
    const short = head[1]! & 0x7f
    const size = short < 126
      ? short
      : short === 126
      ? view.getUint16(2)
      : Number(view.getBigUint64(2))
    headBytes = 0
    if ((head[1]! & 0x80) !== 0) return fault(1002, 'a server must not mask')
    if (size > maxBytes) return fault(1009, `a frame of ${size} bytes`)
    const payload = new Uint8Array(size)
    part = { opcode: head[0]! & 0x0f, final: (head[0]! & 0x80) !== 0, payload, filled: 0 }
  }

  return function parse(chunk: Uint8Array): void {
    let at = 0
    // An empty payload is whole with its head: no further byte announces it.
    while (!over && (at < chunk.length || part?.payload.length === 0)) {
      if (part === undefined) {
        head[headBytes++] = chunk[at++]!
        if (headBytes >= 2 && headBytes >= headSize()) beginPart()
        continue
      }
      const take = Math.min(chunk.length - at, part.payload.length - part.filled)
      part.payload.set(chunk.subarray(at, at + take), part.filled)
      part.filled += take
      at += take
      if (part.filled < part.payload.length) return
      const whole = part
      part = undefined
      finishPart(whole)
    }
  }
}

function join(pieces: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.byteLength
  }
  return whole
}
