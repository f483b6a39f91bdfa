/**
 * A stream gathered into one buffer, in short turns of the event loop. A socket's pieces are views
 * of buffers of 64 KiB each: kept as they are, a body that comes byte by byte would take 65,536
 * times its size.
 *
 * @module
 */

/** Memory of a piece, even of one byte. */
export const PIECE_BYTES = 64 * 1024
/** Bytes of a block: one growing buffer would hold the event loop each time it is copied. */
const BLOCK_BYTES = 1024 * 1024
/** Bytes that are copied in one turn of the event loop, in a few milliseconds. */
const TURN_BYTES = 4 * 1024 * 1024

export interface GatherLimits {
  /** Most bytes that may come. */
  most: number
  /**
   * Called before room is taken, and with less than 0 as it is given back.
   *
   * @throws where there is none
   */
  hold(bytes: number): void
  /** The error where more comes. */
  tooLong(): Error
}

export interface Gathering {
  /** The bytes, once the stream ended or was cancelled. */
  whole: Promise<Uint8Array>
  /** Ends the stream and gives its room back. */
  cancel(): Promise<void>
}

export function gather(stream: ReadableStream<Uint8Array>, limits: GatherLimits): Gathering {
  const reader = stream.getReader()
  const cancel = () => reader.cancel().catch(() => {})
  const whole = gatherAll(reader, limits).catch(async (error) => {
    await cancel()
    throw error
  })
  return { whole, cancel }
}

/** Room grows with the bytes that have come, not with the declared length. */
async function gatherAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { most, hold, tooLong }: GatherLimits,
): Promise<Uint8Array> {
  hold(PIECE_BYTES)
  let held = PIECE_BYTES
  let size = 0
  /** Blocks, of which all but the last are full. */
  const blocks: Uint8Array<ArrayBuffer>[] = []
  let room = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return await joined(blocks, size)
      if (size + value.byteLength > most) throw tooLong()
      for (let at = 0; at < value.byteLength;) {
        if (size === room) {
          const wanted = Math.max(value.byteLength - at, room)
          const bytes = Math.min(wanted, BLOCK_BYTES, most - room)
          hold(bytes)
          held += bytes
          room += bytes
          blocks.push(new Uint8Array(bytes))
        }
        const block = blocks.at(-1)!
        const part = value.subarray(at, at + room - size)
        block.set(part, block.byteLength - (room - size))
        at += part.byteLength
        size += part.byteLength
      }
    }
  } finally {
    hold(-held)
  }
}

/** Frees each block as soon as it is copied, so that there is one copy at any time. */
async function joined(blocks: Uint8Array<ArrayBuffer>[], size: number): Promise<Uint8Array> {
  const [first = new Uint8Array(), second] = blocks
  if (second === undefined) return new Uint8Array(first.buffer.transfer(size))
  const whole = new Uint8Array(size)
  let at = 0
  let turnEnds = TURN_BYTES
  for (const block of blocks) {
    if (at >= turnEnds) {
      await new Promise((done) => setTimeout(done, 0))
      turnEnds = at + TURN_BYTES
    }
    whole.set(block.subarray(0, size - at), at)
    at += block.byteLength
    block.buffer.transfer(0)
  }
  return whole
}
