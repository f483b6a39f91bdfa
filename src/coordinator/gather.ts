/**
 * A stream gathered into one buffer. The pieces that a socket hands out are views into buffers of
 * their own, each as large as the most that could have come: kept as they are, a body that comes
 * byte by byte would take 65,536 times its size.
 *
 * @module
 */

/** What a piece under way takes, be it of one byte. */
export const PIECE_BYTES = 64 * 1024

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
  let buffer = new ArrayBuffer(0)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return new Uint8Array(buffer.transfer(size))
      const end = size + value.byteLength
      if (end > most) throw tooLong()
      if (end > buffer.byteLength) {
        const room = Math.min(most, Math.max(end, 2 * buffer.byteLength))
        hold(room - buffer.byteLength)
        held += room - buffer.byteLength
        buffer = buffer.transfer(room)
      }
      new Uint8Array(buffer, size).set(value)
      size = end
    }
  } finally {
    hold(-held)
  }
}
