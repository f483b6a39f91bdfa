/**
 * Stretches of a file that are kept, and what is put between them.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'

/** Pictures have some dozens, and each takes memory of its own. */
const MAX_PIECES = 10_000

export interface Pieces {
  /** Of all that is kept and put there. */
  readonly bytes: number
  /** From there up to `end`. @throws ApiError `invalid_input` where there are too many */
  keep(from: number, end: number): void
  /** Others in the place of what stands there. */
  replace(from: number, end: number, made: Uint8Array): void
  /**
   * The file itself where all of it is kept and nothing else, else a copy.
   *
   * @param start goes before all else
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
