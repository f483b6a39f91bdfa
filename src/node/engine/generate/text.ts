/**
 * The text of an answer while it grows: what of it is certain, and whether a stop string ended it.
 * What may yet begin a stop string is withheld.
 *
 * @module
 */
import { createUtf8 } from './utf8.ts'

export interface AnswerText {
  /** Adds a token's bytes; true where a stop string is whole: the answer ends before it. */
  add(bytes: Uint8Array): boolean
  /** Nothing more comes: what was withheld is certain now, unless a stop string ended it. */
  end(): void
  /** UTF-16 code units that are certain. */
  readonly length: number
  /** All that is certain. */
  readonly text: string
  /** What became certain since the last call. */
  fresh(): string
}

export function createAnswerText(stops: readonly string[]): AnswerText {
  const utf8 = createUtf8()
  const firsts = new Set(stops.map((stop) => stop[0]!))
  let text = ''
  let taken = 0
  let withheld = ''
  let isStopped = false

  function grow(piece: string): boolean {
    if (piece === '') return false
    if (stops.length === 0) {
      text += piece
      return false
    }
    const open = withheld + piece
    let at = Infinity
    for (const stop of stops) {
      const found = open.indexOf(stop)
      if (found !== -1) at = Math.min(at, found)
    }
    isStopped = at !== Infinity
    if (!isStopped) at = mayBegin(open)
    text += open.slice(0, at)
    withheld = isStopped ? '' : open.slice(at)
    return isStopped
  }

  /** Where the longest end of the text that begins a stop string begins. */
  function mayBegin(open: string): number {
    for (let at = 0; at < open.length; at++) {
      if (!firsts.has(open[at]!)) continue
      const end = open.slice(at)
      if (stops.some((stop) => stop.startsWith(end))) return at
    }
    return open.length
  }

  return {
    add: (bytes) => !isStopped && grow(utf8.add(bytes)),
    end() {
      if (isStopped) return
      // What a cut character leaves may not complete a stop string that ended nothing before.
      text += withheld + utf8.end()
      withheld = ''
    },
    get length() {
      return text.length
    },
    get text() {
      return text
    },
    fresh() {
      const piece = text.slice(taken)
      taken = text.length
      return piece
    },
  }
}
