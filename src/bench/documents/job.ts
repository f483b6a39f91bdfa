/** A job as its sender sees it, and what the coordinator counts of it, over an end of that. @module */
import { type Client, type JobInfo, ShoalError } from '../../client/mod.ts'
import type { StatsInfo } from '../../client/types.ts'
import { count, type Counts, pause } from '../tools.ts'
import { DOCUMENTS } from './params.ts'

export interface Told {
  /** Of each page, by its index, how often it was told. */
  times: Map<number, number>
  /** When pages were told, in the order in which they came: ms of this process. */
  atMs: number[]
}

/** It was killed, or has just begun again. */
const isAway = ({ status }: ShoalError) => status === 0 || status === 503

/** Notes each page as it comes. Resolves when the job has ended. */
export async function follow(
  client: Client,
  id: string,
  told: Told,
  signal: AbortSignal,
): Promise<JobInfo> {
  for (;;) {
    try {
      for await (const { event, data } of client.jobs.events(id, signal)) {
        if (event === 'page') {
          told.times.set(data.index, (told.times.get(data.index) ?? 0) + 1)
          told.atMs.push(performance.now())
        }
        if (event === 'end') return await client.jobs.get(id, signal)
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof ShoalError) || !isAway(error)) throw error
    }
    await pause(DOCUMENTS.againMs)
  }
}

const PIPELINE = 'documents'
const LOST = new RegExp(`^shoal_batches_failed_total\\{pipeline="${PIPELINE}"\\} (\\d+)`, 'm')

/** Counts of the parts of the job, with those of earlier coordinators. */
export function createCounters(url: string) {
  const sum = {
    /** Parts that were asked, once more among them. */
    ...{ asked: 0, onTime: 0 },
    /** Without a result, by reason. */
    failed: {} as Counts,
    /** Batches that their node lost; others did them within the same part. */
    lostBatches: 0,
    /** Of the parts with a result. */
    accuracySum: 0,
  }
  /** Adds what this coordinator has counted: at its end, since the next one begins anew. */
  return async () => {
    const stats: StatsInfo = await (await fetch(`${url}/v1/stats`)).json()
    const metrics = await (await fetch(`${url}/metrics`)).text()
    const { arrived, onTime, failed, accuracySum } = stats.pipelines[PIPELINE]!
    sum.asked += arrived
    sum.onTime += onTime
    sum.lostBatches += Number(LOST.exec(metrics)?.[1] ?? 0)
    sum.accuracySum += accuracySum
    for (const [reason, times] of Object.entries(failed)) count(sum.failed, reason, times)
    return sum
  }
}
