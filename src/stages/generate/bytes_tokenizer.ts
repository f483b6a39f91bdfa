/**
 * The vocabulary of models that read and write bytes: a token is a byte of UTF-8.
 *
 * @module
 */
import type { Tokenizer } from './types.ts'

export const BYTES = 'bytes'
export const BYTE_TOKENS = 256

const encoder = new TextEncoder()
const singles = Array.from({ length: BYTE_TOKENS }, (_, byte) => Uint8Array.of(byte))
const nothing = new Uint8Array()

/** @param ends bytes that end an answer: they are no part of any text */
export function createBytesTokenizer(ends: readonly number[] = []): Tokenizer {
  return {
    size: BYTE_TOKENS,
    ends,
    encode: (text) => [...encoder.encode(text)],
    bytesOf: (id) => ends.includes(id) ? nothing : singles[id] ?? nothing,
  }
}
