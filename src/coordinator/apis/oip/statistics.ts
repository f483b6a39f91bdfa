/**
 * `GET /v2/models/{m}/stats`: the statistics extension. The time of a batch on its node is
 * `compute_infer`; its time on links, both ways, is `compute_input`.
 *
 * @module
 */
import type { PipelineTotals, Spent } from '../../observe/metrics/telemetry.ts'
import type { ModelStats } from './schemas.ts'

export function statsOf(
  name: string,
  version: string,
  totals: PipelineTotals,
): ModelStats['model_stats'][number] {
  const { success, fail, queue, network, compute, batches } = totals
  const sizes = [...batches].sort(([a], [b]) => a - b)
  return {
    name,
    version,
    last_inference: Math.round(totals.lastRequestAtMs),
    inference_count: totals.answered,
    execution_count: sizes.reduce((sum, [, { compute }]) => sum + compute.count, 0),
    inference_stats: {
      success: duration(success),
      fail: duration(fail),
      queue: duration(queue),
      compute_input: duration(network),
      compute_infer: duration(compute),
      compute_output: nothing(compute.count),
      cache_hit: nothing(0),
      cache_miss: nothing(0),
    },
    batch_stats: sizes.map(([batch_size, { network, compute }]) => ({
      batch_size,
      compute_input: duration(network),
      compute_infer: duration(compute),
      compute_output: nothing(compute.count),
    })),
  }
}

const duration = ({ count, ms }: Spent) => ({ count, ns: Math.round(ms * 1e6) })
const nothing = (count: number) => ({ count, ns: 0 })
