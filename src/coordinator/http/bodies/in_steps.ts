/**
 * Bytes as a stream of short pieces, so that whoever works through them leaves turns to others.
 *
 * @module
 */

/** Nothing is read ahead. */
export function inSteps(bytes: Uint8Array, stepBytes: number) {
  let at = 0
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close()
      controller.enqueue(bytes.slice(at, at += stepBytes))
    },
  }, { highWaterMark: 0 })
}
