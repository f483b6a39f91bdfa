/**
 * Documents that were given up: the same bytes go to no other worker.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { Answer } from '../../../policy/core/types.ts'
import { COSTLY } from './params.ts'

export interface Known {
  add(bytes: Uint8Array, message: string): void
  /** The answer for bytes that were given up; `undefined` for others. */
  refuse(bytes: Uint8Array): Answer | undefined
}

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

export function createKnown(): Known {
  const messages = new Map<string, { message: string; length: number }>()
  return {
    add(bytes, message) {
      messages.set(hashOf(bytes), { message, length: bytes.length })
      if (messages.size > COSTLY.known) messages.delete(messages.keys().next().value!)
    },
    refuse(bytes) {
      // Bytes are hashed only where a document of their length was given up.
      if (!messages.values().some(({ length }) => length === bytes.length)) return undefined
      const found = messages.get(hashOf(bytes))
      return found && { ok: false, reason: 'too_large', message: found.message }
    },
  }
}
