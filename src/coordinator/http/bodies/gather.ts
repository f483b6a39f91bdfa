/**
 * A stream gathered into one buffer, in short turns of the event loop. The pieces that a socket hands out are views into buffers of
 * their own, each as large as the most that could have come: kept as they are, a body that comes
 * byte by byte would take 65,536 times its size.
 *
 * @module
 */

/** What a piece under way takes, be it of one byte. */
export const PIECE_BYTES = 64 * 1024
/** What is made room for at once: to make it anew and larger would keep the event loop for long. */
const BLOCK_BYTES = 1024 * 1024
/** What is copied in one turn of the event loop, in a few milliseconds. */
const TURN_BYTES = 4 * 1024 * 1024

export interface GatherLimits {
  /** Bytes that may come. */
  most: number
  /** Told of room before it is taken, and of room given back, below 0. @throws where there is none */
  hold(bytes: number): void
  /** What to throw where more comes. */
  tooLong(): Error
}

export interface Gathering {
  /** What came, once it ended or was cancelled. */
  whole: Promise<Uint8Array>
  /** Has it end here, and its room given back. */
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

/** Room grows with what has come: a length is soon told, and holds nothing. */
async function gatherAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { most, hold, tooLong }: GatherLimits,
): Promise<Uint8Array> {
  hold(PIECE_BYTES)
  let held = PIECE_BYTES
  let size = 0
  /** All are full but the last. */
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

/** Frees each block as soon as it is copied, so that there is one copy of all at any time. */
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
