/**
 * All that is under way since the page was opened, as one bar with a rate and an estimate.
 *
 * @module
 */
import { hasEnded, type WholeJob } from '../../client/job_facts.ts'
import { moment, rateText } from '../../client/when.ts'
import { plural } from '../format.ts'
import { element, setText } from '../node/dom.ts'
import { setBar } from './row.ts'

const TITLE = document.title

export function showWhole(jobs: readonly WholeJob[], now: Date): void {
  element('whole').hidden = jobs.length === 0
  if (jobs.length === 0) return
  const counted = jobs.every(({ pages }) => pages.total !== null)
  const ended = jobs.every(hasEnded)
  const done = jobs.reduce((sum, { pages }) => sum + pages.done + pages.failed, 0)
  // Of a job that was cancelled nothing more is to come.
  const totalOf = (job: WholeJob) =>
    hasEnded(job) ? job.pages.done + job.pages.failed : job.pages.total ?? 0
  const total = jobs.reduce((sum, job) => sum + totalOf(job), 0)
  const ratio = ended ? 1 : !counted ? undefined : total === 0 ? 0 : done / total
  setBar(element('whole-bar', HTMLProgressElement), ratio)
  const of = counted ? `${done} of ${plural(total, 'page')}` : 'counting pages'
  setText(element('whole-count'), ended ? plural(done, 'page') : of)
  setText(element('whole-more'), ended ? 'All done.' : moreOf(jobs, done, now))
  const title = ratio === undefined || ended ? TITLE : `${Math.floor(100 * ratio)} % · ${TITLE}`
  if (document.title !== title) document.title = title
}

/** The pool's rate, whichever jobs its pages are of, and when the last job is ready. */
function moreOf(jobs: readonly WholeJob[], done: number, now: Date): string {
  const open = jobs.filter((job) => !hasEnded(job))
  const rate = Math.max(...open.map(({ pagesPerMinute }) => pagesPerMinute ?? 0))
  const told = open.map(({ estimateAt }) => estimateAt)
  const ready = told.every((at) => at !== null)
    ? [`ready about ${moment(new Date(Math.max(...told.map((at) => Date.parse(at)))), now)}`]
    : []
  // Before the first page a rate would be a guess.
  return [...rate > 0 && done > 0 ? [rateText(rate)] : [], ...ready].join(', ')
}
