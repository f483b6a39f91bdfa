/**
 * Content hashes of models.
 *
 * @module
 */
import { sha256 } from './sha256_js.ts'

/**
 * SHA-256 as 64 lower-case hex digits.
 *
 * Where the runtime gives no `crypto.subtle` (a page that is not a secure origin) it is computed
 * here, some times slower.
 */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle
  const digest = subtle === undefined
    ? sha256(bytes)
    : new Uint8Array(await subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
