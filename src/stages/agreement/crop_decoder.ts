/**
 * Decodes crops synchronously: a comparison ends before the next event.
 *
 * @module
 */
import { pictureHead } from '../../pipeline/picture_head.ts'
import type { Decoder } from '../codecs.ts'
import type { Picture } from '../types.ts'

/**
 * After a fault a decoder may be left half way, so that there are two: one takes over while another is
 * started.
 *
 * @returns decodes a JPEG; undefined for a damaged one, or while there is no decoder
 */
export async function createCropDecoder(
  start: () => Promise<Decoder>,
): Promise<(bytes: Uint8Array) => Picture | undefined> {
  const ready = [await start(), await start()]
  return (bytes) => {
    const head = pictureHead(bytes)
    if (head === undefined) return undefined
    try {
      return ready[0]?.decode(bytes, head.width * head.height)
    } catch {
      ready.shift()
      start().then((one) => ready.push(one), () => {})
      return undefined
    }
  }
}
