/**
 * All that is under way since the page was opened, as one bar with a rate and an estimate.
 *
 * @module
 */
import { hasEnded, type JobInfo } from '../../client/jobs.ts'
import { Pace, rateText } from '../../client/pace.ts'
import { plural } from '../format.ts'
import { element, setText } from '../node/dom.ts'
import { setBar } from './row.ts'
import { moment } from './when.ts'

const TITLE = document.title

export class Whole {
  readonly #pace = new Pace()

  show(jobs: readonly JobInfo[], now: Date): void {
    element('whole').hidden = jobs.length === 0
    if (jobs.length === 0) return
    const counted = jobs.every(({ pages }) => pages.total !== null)
    const done = jobs.reduce((sum, { pages }) => sum + pages.done + pages.failed, 0)
    const ended = jobs.every(hasEnded)
    // Of a job that was cancelled nothing more is to come.
    const total = jobs.reduce(
      (sum, job) =>
        sum + (hasEnded(job) ? job.pages.done + job.pages.failed : job.pages.total ?? 0),
      0,
    )
    this.#pace.add(done, +now)
    const ratio = ended ? 1 : !counted ? undefined : total === 0 ? 0 : done / total
    setBar(element('whole-bar', HTMLProgressElement), ratio)
    setText(
      element('whole-count'),
      ended
        ? plural(done, 'page')
        : counted
        ? `${done} of ${plural(total, 'page')}`
        : 'counting pages',
    )
    setText(element('whole-more'), ended ? 'All done.' : this.#more(jobs, done, total, now))
    const share = ratio === undefined || ended ? '' : `${Math.floor(100 * ratio)} % · `
    const title = share + TITLE
    if (document.title !== title) document.title = title
  }

  #more(jobs: readonly JobInfo[], done: number, total: number, now: Date): string {
    const rate = this.#pace.perMinute(done, +now)
    const leftMs = this.#pace.remainingMs(done, total, +now)
    const told = jobs.filter((job) => !hasEnded(job)).map(({ estimateAt }) => estimateAt)
    // The coordinator knows of other work, too; until it can tell, what is seen here has to do.
    const atMs = told.every((at) => at !== null)
      ? Math.max(...told.map((at) => Date.parse(at)))
      : leftMs === undefined
      ? NaN
      : +now + leftMs
    const ready = Number.isNaN(atMs) ? '' : `ready about ${moment(new Date(atMs), now)}`
    const parts = [...rate === undefined ? [] : [rateText(rate)], ...ready === '' ? [] : [ready]]
    return parts.join(', ')
  }
}
