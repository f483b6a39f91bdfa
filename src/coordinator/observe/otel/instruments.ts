/**
 * The metrics of `/metrics` for a collector: the same figures, read when the runtime exports, with
 * the same labels. A collector that passes them to Prometheus gives them the names of `/metrics`
 * again.
 *
 * @module
 */
import { publicName } from '../../../pipeline/version.ts'
import type { Answer } from '../../../policy/core/types.ts'
import { FAMILIES, scrapeOf } from '../metrics/families.ts'
import type { Family, ReadJobs, Watched } from '../metrics/family.ts'
import { SECONDS, type Telemetry } from '../metrics/telemetry.ts'
import { type OtelApi, SCOPE } from './api.ts'

/** Metrics of the process, which the runtime exports itself. */
const OWN = /^shoal_/

/** The name of a metric: `shoal_link_bytes_total` is `shoal.link`, in bytes. */
function named(name: string): { name: string; unit?: string } {
  const plain = name.replace(/_total$/, '')
  const base = plain.replace(/_bytes$/, '').replaceAll('_', '.')
  return plain.endsWith('_bytes') ? { name: base, unit: 'By' } : { name: base }
}

type Row = ReturnType<Family[4]>[number]

/** Sums rows of the same labels. */
function summed(rows: readonly Row[]): Row[] {
  const sums = new Map<string, Row>()
  for (const [value, labels = {}] of rows) {
    const key = JSON.stringify(labels)
    sums.set(key, [(sums.get(key)?.[0] ?? 0) + value, labels])
  }
  return [...sums.values()]
}

export function exportMetrics({ metrics }: OtelApi, watched: Watched, readJobs?: ReadJobs): void {
  const meter = metrics.getMeter(SCOPE)
  const all = FAMILIES.filter(([, name]) => OWN.test(name)).map(
    ([kind, long, description, , rows]) => {
      const { name, ...unit } = named(long)
      const instrument = meter[`createObservable${kind}`](name, { description, ...unit })
      return { instrument, rows }
    },
  )
  meter.addBatchObservableCallback((result) => {
    const scrape = scrapeOf(watched, readJobs)
    for (const { instrument, rows } of all) {
      for (const [value, labels] of summed(rows(scrape))) result.observe(instrument, value, labels)
    }
  }, all.map(({ instrument }) => instrument))
}

/** Notes the times of queries for a collector and for `/metrics`. */
export function alsoMeasured(
  { metrics }: OtelApi,
  telemetry: Pick<Telemetry, 'answered' | 'cancelled'>,
): Pick<Telemetry, 'answered' | 'cancelled'> {
  const durations = metrics.getMeter(SCOPE).createHistogram('shoal.query.duration', {
    description: 'From the arrival of a query to its answer, by whether there was a result',
    unit: 's',
    advice: { explicitBucketBoundaries: SECONDS },
  })
  const took = (name: string, outcome: 'on_time' | 'failed', latencyMs: number) =>
    durations.record(latencyMs / 1000, { pipeline: publicName(name), outcome })
  return {
    answered(pipeline: string, answer: Answer, latencyMs: number) {
      telemetry.answered(pipeline, answer, latencyMs)
      took(pipeline, answer.ok ? 'on_time' : 'failed', latencyMs)
    },
    cancelled(pipeline: string, latencyMs: number) {
      telemetry.cancelled(pipeline, latencyMs)
      took(pipeline, 'failed', latencyMs)
    },
  }
}
