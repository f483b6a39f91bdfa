/**
 * A line that says how far the run is.
 *
 * @module
 */
import { isOnTime } from '../../../demo/load/tally.ts'
import type { Asked } from '../../../demo/load/types.ts'
import type { JobInfo } from '../../client/mod.ts'
import type { Window } from './beside.ts'
import type { MemoryLog } from './memory_log.ts'
import { DOCUMENTS } from './params.ts'
import { PLACES } from './pool.ts'

export interface Standing {
  /** Since the beginning. */
  ms: number
  window: Window
  job: JobInfo | undefined
  serving: number
  asked: readonly Asked[]
  memory: MemoryLog
}

export function lineOf({ ms, window, job, serving, asked, memory }: Standing): string {
  const onTime = asked.filter((one) => isOnTime(one, DOCUMENTS.sloMs)).length
  return [
    `${clock(ms)} ${window}`,
    ...job === undefined ? [] : [pagesOf(job)],
    `${serving} of ${PLACES.length} serve`,
    `${onTime} of ${asked.length} queries in time`,
    Object.entries(memory.latest).map(([name, mb]) => `${name} ${mb} MB`).join(' '),
  ].join('; ')
}

function pagesOf({ pages, pagesPerMinute, estimateAt, waiting }: JobInfo): string {
  const left = estimateAt === null ? '' : `, ${clock(Date.parse(estimateAt) - Date.now())} left`
  const why = waiting === null ? '' : `, waiting: ${waiting}`
  const failed = pages.failed === 0 ? '' : `, ${pages.failed} failed`
  return `${pages.done} of ${pages.total} pages${failed}, ${
    pagesPerMinute ?? '-'
  } a minute${left}${why}`
}

/** Minutes and seconds. */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
