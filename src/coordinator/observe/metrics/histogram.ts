/**
 * Histograms whose recording costs nanoseconds and allocates nothing: a query is answered in some
 * tens of microseconds, and the library's own histogram hashes its labels anew at each value. The
 * library writes them as text.
 *
 * @module
 */

/** The series of one combination of labels. */
export interface Series {
  observe(value: number): void
}

export interface HistogramOptions {
  name: string
  help: string
  /** Upper bounds of the buckets, rising; the last, infinity, is added. */
  bounds: readonly number[]
}

type Labels = Readonly<Record<string, string>>

interface Value {
  metricName: string
  labels: Labels
  value: number
}

/** The part of a metric that the library's registry needs. */
export interface Histogram {
  name: string
  help: string
  get(): Promise<{ name: string; help: string; type: 'histogram'; values: Value[] }>
}

interface Counted {
  labels: Labels
  counts: Float64Array
  sum: number
}

/**
 * Adds a histogram to `all`. Returns a function that makes a series, once for each set of labels.
 */
export function createHistogram(
  all: Histogram[],
  { name, help, bounds }: HistogramOptions,
): (labels: Labels) => Series {
  const series: Counted[] = []

  function valuesOf({ labels, counts, sum }: Counted): Value[] {
    let below = 0
    const buckets = Array.from(counts, (count, i) => {
      below += count
      const le = i < bounds.length ? String(bounds[i]) : '+Inf'
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below }
    })
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: below },
    ]
  }

  all.push({
    name,
    help,
    get: () => Promise.resolve({ name, help, type: 'histogram', values: series.flatMap(valuesOf) }),
  })

  return (labels) => {
    const counts = new Float64Array(bounds.length + 1)
    const counted = { labels, counts, sum: 0 }
    series.push(counted)
    return {
      observe(value) {
        let i = 0
        while (i < bounds.length && value > bounds[i]!) i++
        counts[i]!++
        counted.sum += value
      },
    }
  }
}
