/**
 * How long a model takes for a batch.
 *
 * @module
 */
import type { Stage, StageContext } from '../../stages/types.ts'
import { median } from '../statistics.ts'
import type { Latency } from './messages.ts'

const WARM_RUNS = 20
const WARM_MS = 3000
const LEAST_RUNS = 5
const MOST_RUNS = 30
const RUNS_MS = 3000

/**
 * A batch as the stage runs it. Feeds may carry fewer items than the batch has, since one run would
 * need too much memory for all of them: it takes as many such runs. A stage that runs items one by
 * one takes `single` as many times: not measured again.
 */
export async function measureLatency(
  stage: Stage,
  context: StageContext,
  batch: number,
  single?: Latency,
  nowMs: () => number = () => performance.now(),
): Promise<Latency> {
  const feeds = stage.warmUp(context, batch)[0]
  // A program that runs no model has nothing to measure here.
  if (feeds === undefined) return { batch, runs: 0, minMs: 0, medianMs: 0 }
  const exact = stage.exact?.(context) ?? false
  const carried = stage.carried?.(context, batch) ?? Object.values(feeds)[0]?.dims[0] ?? batch
  if (carried === 1 && single?.batch === 1) {
    const { runs, minMs, medianMs } = single
    return { batch, runs, minMs: minMs * batch, medianMs: medianMs * batch }
  }
  const warmFromMs = nowMs()
  for (let i = 0; i < WARM_RUNS && nowMs() - warmFromMs < WARM_MS; i++) {
    await context.model.run(feeds, exact)
  }
  const times: number[] = []
  const fromMs = nowMs()
  while (
    times.length < LEAST_RUNS || (times.length < MOST_RUNS && nowMs() - fromMs < RUNS_MS)
  ) {
    const startMs = nowMs()
    await context.model.run(feeds, exact)
    times.push((nowMs() - startMs) * batch / carried)
  }
  return { batch, runs: times.length, minMs: Math.min(...times), medianMs: median(times) }
}
