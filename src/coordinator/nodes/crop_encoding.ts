/**
 * Whether crops travel raw or compressed: the way that arrives sooner on the measured link.
 *
 * @module
 */

/**
 * Above this rate raw crops arrive sooner: a node takes about 6 ms to encode and decode a line's
 * crop of 57 kB as JPEG (`@jsquash/jpeg`, one thread), which is then a tenth of its size.
 */
const RAW_ABOVE_BYTES_PER_MS = 10_000
/** Smaller transfers measure the round trip, not the rate. */
const LEAST_SAMPLE_BYTES = 32_000
/** Used before any transfer was measured: only a local wire answers this fast. */
const NEAR_ROUND_TRIP_MS = 2
const WEIGHT = 0.3

/** Learns a link's rate, in bytes per ms, from its transfers. */
export function createCropEncodingChooser() {
  let bytesPerMs: number | undefined
  return {
    /** @param transferMs network time of the transfer less the bare round trip */
    observe(bytes: number, transferMs: number) {
      if (bytes < LEAST_SAMPLE_BYTES) return
      const sample = bytes / Math.max(0.05, transferMs)
      bytesPerMs = bytesPerMs === undefined ? sample : bytesPerMs + WEIGHT * (sample - bytesPerMs)
    },
    choose(roundTripMs: number | undefined): 'raw' | 'jpeg' {
      const fast = bytesPerMs === undefined
        ? roundTripMs !== undefined && roundTripMs < NEAR_ROUND_TRIP_MS
        : bytesPerMs > RAW_ABOVE_BYTES_PER_MS
      return fast ? 'raw' : 'jpeg'
    },
  }
}
