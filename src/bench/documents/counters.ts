/**
 * What the coordinator counts of the parts of a job, over its end and its next start.
 *
 * @module
 */
import type { StatsInfo } from '../../client/types.ts'

export interface PartCounts {
  /** Parts that were asked, once more among them. */
  asked: number
  onTime: number
  /** Without a result, by reason. */
  failed: { [reason: string]: number }
  /** Batches that their node lost; others did them within the same part. */
  lostBatches: number
  /** Of the parts with a result. */
  accuracySum: number
}

const NONE: PartCounts = { asked: 0, onTime: 0, failed: {}, lostBatches: 0, accuracySum: 0 }
const PIPELINE = 'documents'

export interface Counters {
  /** As it stands now, with what earlier coordinators counted. */
  read(): Promise<PartCounts>
  /** The coordinator is about to end: what it counts begins anew. */
  endsNow(): Promise<void>
}

export function createCounters(url: string): Counters {
  let before = NONE

  async function read(): Promise<PartCounts> {
    const stats: StatsInfo = await (await fetch(`${url}/v1/stats`)).json()
    const metrics = await (await fetch(`${url}/metrics`)).text()
    const lost = new RegExp(`^shoal_batches_failed_total\\{pipeline="${PIPELINE}"\\} (\\d+)`, 'm')
    const { arrived, onTime, failed, accuracySum } = stats.pipelines[PIPELINE]!
    const now = { asked: arrived, onTime, failed, accuracySum }
    return plus(before, { ...now, lostBatches: Number(lost.exec(metrics)?.[1] ?? 0) })
  }

  return {
    read,
    async endsNow() {
      before = await read()
    },
  }
}

function plus(a: PartCounts, b: PartCounts): PartCounts {
  const failed = { ...a.failed }
  for (const [reason, count] of Object.entries(b.failed)) {
    failed[reason] = (failed[reason] ?? 0) + count
  }
  return {
    ...{ failed, asked: a.asked + b.asked, onTime: a.onTime + b.onTime },
    lostBatches: a.lostBatches + b.lostBatches,
    accuracySum: a.accuracySum + b.accuracySum,
  }
}
