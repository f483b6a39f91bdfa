/**
 * A load generator in a process of its own: so many clients, each with one query under way.
 *
 * @module
 */
import { quantile } from '../cli/statistics.ts'
import { answerLines } from './child.ts'

export interface LoadOrder {
  url: string
  type: string
  /** Base64 of the bodies, sent in turn. Absent: those of the order before. */
  bodies?: string[]
  atOnce: number
  forMs: number
}

export interface LoadResult {
  answered: number
  /** Answers other than 200, by status. */
  others: { [status: string]: number }
  perS: number
  p50Ms: number
  p99Ms: number
  /** From the first query to the last answer. */
  tookMs: number
}

let bodies: Uint8Array<ArrayBuffer>[] = []

async function run({ url, type, bodies: given, atOnce, forMs }: LoadOrder): Promise<LoadResult> {
  if (given !== undefined) bodies = given.map((body) => Uint8Array.fromBase64(body))
  const others: LoadResult['others'] = {}
  const latenciesMs: number[] = []
  let next = 0
  const startMs = performance.now()
  const client = async () => {
    while (performance.now() - startMs < forMs) {
      const body = bodies[next++ % bodies.length]!
      const askedMs = performance.now()
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': type, 'x-request-timeout-ms': '60000' },
        body,
      })
      await response.arrayBuffer()
      if (response.status !== 200) others[response.status] = (others[response.status] ?? 0) + 1
      else latenciesMs.push(performance.now() - askedMs)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, client))
  const tookMs = performance.now() - startMs
  return {
    answered: latenciesMs.length,
    others,
    perS: latenciesMs.length * 1000 / tookMs,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    tookMs,
  }
}

await answerLines(null, run)
