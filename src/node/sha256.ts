/**
 * Content hashes of models.
 *
 * @module
 */

/**
 * SHA-256 as 64 lower-case hex digits.
 *
 * @throws TypeError where the runtime gives no `crypto.subtle` (a page that is not a secure origin)
 */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (globalThis.crypto?.subtle === undefined) {
    throw new TypeError('Cannot verify models here: crypto.subtle needs https or localhost')
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
