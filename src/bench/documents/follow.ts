/**
 * A job as whoever handed it in sees it: each page as it comes, over an end of the coordinator.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { type Client, type JobInfo, ShoalError } from '../../client/mod.ts'
import { DOCUMENTS } from './params.ts'

export interface Told {
  /** Of each page, by its index, how often it was told. */
  times: Map<number, number>
  /** When pages were told, in the order in which they came: ms of this process. */
  atMs: number[]
}

/** Resolves when the job has ended. */
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

/** It was killed, or has just begun again. */
const isAway = ({ status }: ShoalError) => status === 0 || status === 503
