/**
 * `GET /metrics`: metrics that are read at each scrape, beside those that were counted meanwhile.
 *
 * @module
 */
import type { Metric, Registry } from 'prom-client'
import { FAMILIES, scrapeOf } from './families.ts'
import type { ReadJobs, Scrape, Watched } from './family.ts'

/** @returns a function that reads all metrics as Prometheus text */
export function createMetrics(
  watched: Watched,
  readJobs?: ReadJobs,
): () => Promise<{ text: string; type: string }> {
  let scrape: Scrape
  let registry: Promise<Registry> | undefined

  /**
   * Loaded by the first scrape: a coordinator without scrapes starts a tenth of a second sooner.
   */
  async function open(): Promise<Registry> {
    const library = await import('prom-client')
    const registry = new library.Registry()
    for (const [kind, name, help, labelNames, rows] of FAMILIES) {
      new library[kind]({
        ...{ name, help, labelNames, registers: [registry] },
        collect() {
          this.reset()
          for (const [value, labels = {}] of rows(scrape)) this.inc(labels, value)
        },
      })
    }
    for (const histogram of watched.telemetry.histograms) {
      registry.registerMetric(histogram as unknown as Metric)
    }
    return registry
  }

  return async () => {
    const opened = await (registry ??= open())
    scrape = scrapeOf(watched, readJobs)
    return { text: await opened.metrics(), type: opened.contentType }
  }
}
