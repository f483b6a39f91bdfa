/**
 * Two hundred streams at once over nodes that are killed, paused and closed: whether each is whole.
 *
 * @module
 */
import { median } from '../../cli/statistics.ts'
import { playStreams, type StreamsOutcome } from './scene.ts'

const STREAMS = 200
const FOR_MS = 60_000

export async function benchStreams(
  options: { streams?: number } = {},
): Promise<Omit<StreamsOutcome, 'firstMs' | 'tookMs'>> {
  const { streams = STREAMS } = options
  const outcome = await playStreams({
    ...{ streams, forMs: FOR_MS, texts: 20, budgetMs: 300_000, everyMs: 5000 },
  })
  const { firstMs, tookMs, ...counts } = outcome
  console.log(
    `${counts.whole} of ${counts.streams} streams whole, ${streams} at once, with ${counts.killed} nodes killed, ` +
      `${counts.paused} paused, ${counts.closed} tabs closed; first token after ` +
      `${Math.round(median(firstMs))} ms, all after ${Math.round(median(tookMs))} ms (medians)`,
  )
  for (const fault of counts.faults.slice(0, 10)) console.log(fault.slice(0, 500))
  return counts
}
