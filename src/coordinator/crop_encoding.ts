/**
 * Whether crops travel raw or compressed: whichever the measured link makes sooner.
 *
 * @module
 */

/**
 * Above this rate raw is sooner. Encoding a line's crop as JPEG takes a node 1 to 2 ms per 50 kB and
 * decoding half of that, so compression moves about 25 kB per millisecond (200 Mbit/s).
 */
const RAW_ABOVE_BYTES_PER_MS = 25_000
/** Smaller transfers tell of the round trip, not of the rate. */
const LEAST_SAMPLE_BYTES = 32_000
const WEIGHT = 0.3

/** Learns a link's rate from its transfers; assumes a slow one until told otherwise. */
export function createCropEncodingChooser() {
  let bytesPerMs = 0
  return {
    /** @param transferMs network time of the transfer less the bare round trip */
    observe(bytes: number, transferMs: number) {
      if (bytes < LEAST_SAMPLE_BYTES) return
      const sample = bytes / Math.max(0.05, transferMs)
      bytesPerMs = bytesPerMs === 0 ? sample : bytesPerMs + WEIGHT * (sample - bytesPerMs)
    },
    choose: (): 'raw' | 'jpeg' => bytesPerMs > RAW_ABOVE_BYTES_PER_MS ? 'raw' : 'jpeg',
  }
}
