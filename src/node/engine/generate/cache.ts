/**
 * Memory for what sequences read and said: keys and values of their tokens, in blocks that are taken
 * as a sequence grows and used again when it has gone.
 *
 * Each sequence is promised what it may need at most before it begins. What is promised never exceeds
 * what there may be, so none has to stop halfway for want of memory.
 *
 * @module
 */
import type { DecoderShape } from '../../../pipeline/decoder_shape.ts'
import { copy, type Elements, elementsFor, type Source } from './elements.ts'

/** Tokens of a block; steps in which a past grows. */
export const BLOCK = 32

/** Keys and values of one sequence. */
export interface Kv {
  /** Tokens held. */
  readonly length: number
  /**
   * Of one part (the keys or the values of a layer), tokens `from` to `to` into an array in which the
   * heads are `stride` tokens apart, the first of these tokens at token `at` of it.
   */
  take(part: number, from: number, to: number, into: Source, at: number, stride: number): void
  /** As `take`, the other way: behind those held. They count when {@linkcode Kv.grow} says so. */
  put(part: number, count: number, from: Source, at: number, stride: number): void
  grow(count: number): void
  /** Gives its memory back. */
  close(): void
}

export interface Cache {
  /** Taken from the system so far, whether in use or kept for the next. */
  readonly bytes: number
  readonly mostBytes: number
  /** Undefined if the memory promised to other sequences leaves too little for `tokens`. */
  open(tokens: number): Kv | undefined
}

type Sizes = Pick<DecoderShape, 'layers' | 'kvHeads' | 'headDim' | 'kv'>

/** @param tokens of all sequences together; each needs whole blocks */
export function createCache(shape: Sizes, tokens: number): Cache {
  const { layers, kvHeads, headDim, kv } = shape
  const parts = 2 * layers
  /** Elements of one head's tokens of a block, and of one part's. */
  const headSize = BLOCK * headDim
  const partSize = kvHeads * headSize
  const blockBytes = parts * partSize * elementsFor(kv, 0).BYTES_PER_ELEMENT
  const most = Math.ceil(tokens / BLOCK)
  const free: Elements[] = []
  let made = 0
  let promised = 0

  function block(): Elements {
    const again = free.pop()
    if (again !== undefined) return again
    made++
    return elementsFor(kv, parts * partSize)
  }

  function open(wanted: number): Kv | undefined {
    const share = Math.ceil(wanted / BLOCK)
    if (promised + share > most) return undefined
    promised += share
    let blocks: Elements[] = []
    let length = 0
    let isOpen = true

    /** To or from another array, in runs of tokens that lie in one block. */
    function move(
      isOut: boolean,
      part: number,
      from: number,
      to: number,
      other: Source,
      at: number,
      stride: number,
    ): void {
      for (let token = from; token < to;) {
        const within = token % BLOCK
        const tokens = Math.min(to - token, BLOCK - within)
        const own = blocks[(token - within) / BLOCK]!
        let place = part * partSize + within * headDim
        let there = (at + token - from) * headDim
        for (let head = 0; head < kvHeads; head++) {
          if (isOut) copy(own, place, other, there, tokens * headDim)
          else copy(other, there, own, place, tokens * headDim)
          place += headSize
          there += stride * headDim
        }
        token += tokens
      }
    }

    return {
      get length() {
        return length
      },
      take: (part, from, to, into, at, stride) => move(true, part, from, to, into, at, stride),
      put(part, count, from, at, stride) {
        while (blocks.length * BLOCK < length + count) {
          if (blocks.length === share) {
            throw new RangeError(`Cannot hold more than ${wanted} tokens`)
          }
          blocks.push(block())
        }
        move(false, part, length, length + count, from, at, stride)
      },
      grow(count) {
        length += count
      },
      close() {
        if (!isOpen) return
        isOpen = false
        promised -= share
        free.push(...blocks)
        blocks = []
      },
    }
  }

  return {
    get bytes() {
      return made * blockBytes
    },
    mostBytes: most * blockBytes,
    open,
  }
}
