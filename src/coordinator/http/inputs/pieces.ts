/**
 * A file of which ranges are kept, and others replaced.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'

/** Pictures have some dozens; each piece takes memory of its own. */
const MAX_PIECES = 10_000

export interface Pieces {
  /** Bytes of all pieces. */
  readonly bytes: number
  /** Keeps a range. @throws ApiError `invalid_input` where there are too many */
  keep(from: number, end: number): void
  /** Puts other bytes in the place of a range. */
  replace(from: number, end: number, made: Uint8Array): void
  /**
   * The file itself where all of it is kept unchanged, else a copy.
   *
   * @param start pieces that go before all others
   */
  joined(start?: readonly Uint8Array[]): Uint8Array
}

export function createPieces(bytes: Uint8Array): Pieces {
  const pieces: Uint8Array[] = []
  let from = 0
  let end = 0
  function settle(): void {
    if (from === end) return
    if (pieces.length === MAX_PIECES) {
      throw new ApiError('invalid_input', 'Cannot use a picture in so many pieces: save it anew')
    }
    pieces.push(bytes.subarray(from, end))
  }
  function keep(start: number, stop: number): void {
    if (start !== end) {
      settle()
      from = start
    }
    end = stop
  }
  return {
    get bytes() {
      return pieces.reduce((sum, piece) => sum + piece.length, end - from)
    },
    keep,
    replace(start, stop, made) {
      const isSame = made.length === stop - start &&
        made.every((byte, i) => bytes[start + i] === byte)
      if (isSame) return keep(start, stop)
      settle()
      from = end
      pieces.push(made)
    },
    joined(start = []) {
      const isAll = from === 0 && end === bytes.length
      if (isAll && pieces.length === 0 && start.length === 0) return bytes
      settle()
      from = end
      const all = [...start, ...pieces]
      const whole = new Uint8Array(all.reduce((sum, piece) => sum + piece.length, 0))
      let at = 0
      for (const piece of all) {
        whole.set(piece, at)
        at += piece.length
      }
      return whole
    },
  }
}
