/**
 * Gzips each served file once, for all clients that accept gzip.
 *
 * @module
 */
import type { Asset } from '../../coordinator/http/pages.ts'

/** The engine is a quarter of its 14 MB then, scripts a third; pictures would be what they are. */
const PACKED = /^text\/|^application\/wasm$/

/** The same with its gzipped form, which is made when it is first asked for and then kept. */
export function packable(asset: Asset): Asset {
  const { type, body } = asset
  if (!PACKED.test(type)) return asset
  let packed: Promise<Uint8Array<ArrayBuffer>> | undefined
  return {
    ...asset,
    packed: () => {
      packed ??= gzip(typeof body === 'function' ? body() : new Response(body).body!)
      // Whoever asks next has it tried again.
      packed.catch(() => packed = undefined)
      return packed
    },
  }
}

/** Piece by piece, so that no client waits for the whole of an engine. */
const gzip = (body: ReadableStream<Uint8Array>) =>
  new Response(body.pipeThrough(new CompressionStream('gzip') as TransformStream<Uint8Array>))
    .bytes()
