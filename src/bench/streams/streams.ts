/** Two hundred streams at once over nodes that are killed, paused and closed: is each whole? @module */
import { median } from '../../cli/statistics.ts'
import { playStreams } from './scene.ts'

export interface StreamsBenchOptions {
  /** At once. */
  queries?: number
}

export async function benchStreams({ queries: streams = 200 }: StreamsBenchOptions = {}) {
  const { firstMs, tookMs, ...counts } = await playStreams({
    ...{ streams, forMs: 60_000, texts: 20, budgetMs: 300_000, everyMs: 5000 },
  })
  console.log(
    `${counts.whole} of ${counts.streams} streams whole, ${streams} at once, with ` +
      `${counts.killed} nodes killed, ${counts.paused} paused, ${counts.closed} tabs closed; ` +
      `first token after ${Math.round(median(firstMs))} ms, all after ` +
      `${Math.round(median(tookMs))} ms (medians)`,
  )
  for (const fault of counts.faults.slice(0, 10)) console.log(fault.slice(0, 500))
  return counts
}
