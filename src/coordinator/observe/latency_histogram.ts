/**
 * Latencies counted in buckets that widen by 5 %, so that percentiles of any number of queries take
 * a fixed and small memory and are right within 2.5 %.
 *
 * @module
 */
import type { LatencyPercentiles } from '../../client/types.ts'

const RATIO = 1.05
/** From 1 ms to over the longest deadline. */
const BUCKETS = Math.ceil(Math.log(700_000) / Math.log(RATIO))

export interface LatencyHistogram {
  add(latencyMs: number): void
  addAll(other: LatencyHistogram): void
  clear(): void
  /** Null where nothing was counted. */
  percentiles(): LatencyPercentiles | null
  readonly counts: Uint32Array
}

export function createLatencyHistogram(): LatencyHistogram {
  const counts = new Uint32Array(BUCKETS)

  /** Quantile by nearest rank: the geometric middle of its bucket. */
  function at(share: number, total: number): number {
    let left = Math.max(1, Math.ceil(share * total))
    const bucket = counts.findIndex((count) => (left -= count) <= 0)
    return Math.round(RATIO ** (bucket + 0.5) * 10) / 10
  }

  return {
    counts,
    add(latencyMs) {
      const bucket = Math.floor(Math.log(Math.max(1, latencyMs)) / Math.log(RATIO))
      counts[Math.min(BUCKETS - 1, bucket)]!++
    },
    addAll(other) {
      for (let i = 0; i < BUCKETS; i++) counts[i]! += other.counts[i]!
    },
    clear: () => void counts.fill(0),
    percentiles() {
      const total = counts.reduce((sum, count) => sum + count, 0)
      if (total === 0) return null
      return { p50Ms: at(0.5, total), p95Ms: at(0.95, total), p99Ms: at(0.99, total) }
    },
  }
}
