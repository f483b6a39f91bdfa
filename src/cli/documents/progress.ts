/**
 * Progress of documents: a bar where somebody looks on, else a line now and then.
 *
 * @module
 */
import { hasEnded, type WholeJob } from '../../client/job_facts.ts'
import { moment, rateText } from '../../client/when.ts'
import { plural } from '../../pages/format.ts'

const BAR_LENGTH = 24
const BAR_EVERY_MS = 200
const LINE_EVERY_MS = 10_000
const ERASE_LINE = '\r\x1b[K'

export interface Screen {
  isTerminal: boolean
  write(text: string): void
  nowMs(): number
}

export class Progress {
  #shownMs = -Infinity
  #shown = ''

  constructor(private readonly screen: Screen) {}

  /** A line that stays. */
  say(line: string): void {
    this.screen.write(this.screen.isTerminal ? `${ERASE_LINE}${line}\n` : `${line}\n`)
    if (this.screen.isTerminal && this.#shown !== '') this.screen.write(this.#shown)
  }

  /** @param text how things stand, with a bar before it where there is a ratio */
  show(text: string, ratio?: number): void {
    const { isTerminal, nowMs, write } = this.screen
    const line = isTerminal && ratio !== undefined ? `${barOf(ratio)} ${text}` : text
    const waitMs = isTerminal ? BAR_EVERY_MS : LINE_EVERY_MS
    if (line === this.#shown || nowMs() - this.#shownMs < waitMs) return
    this.#shownMs = nowMs()
    this.#shown = line
    write(isTerminal ? `${ERASE_LINE}${line}` : `${line}\n`)
  }

  /** Nothing more is shown in the place of the bar. */
  end(): void {
    if (this.screen.isTerminal && this.#shown !== '') this.screen.write(ERASE_LINE)
    this.#shown = ''
  }
}

function barOf(ratio: number): string {
  const full = Math.round(BAR_LENGTH * Math.min(1, ratio))
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_LENGTH - full)}]`
}

/** How jobs stand, all together. */
export function standingOf(jobs: readonly WholeJob[], now: Date): { text: string; ratio?: number } {
  const sum = (count: (job: WholeJob) => number) => jobs.reduce((all, job) => all + count(job), 0)
  const done = sum(({ pages }) => pages.done + pages.failed)
  const counted = jobs.every(({ pages }) => pages.total !== null)
  const total = sum(({ pages }) => pages.total ?? 0)
  const open = jobs.filter((job) => !hasEnded(job))
  const rate = Math.max(0, ...open.map(({ pagesPerMinute }) => pagesPerMinute ?? 0))
  const told = open.flatMap(({ estimateAt }) => estimateAt === null ? [] : [Date.parse(estimateAt)])
  const parts = [
    counted ? `${done} of ${plural(total, 'page')}` : `${plural(done, 'page')}, still counting`,
    // Before the first page it would be a guess.
    ...rate > 0 && done > 0 ? [rateText(rate)] : [],
    ...open.length > 0 && told.length === open.length
      ? [`ready about ${moment(new Date(Math.max(...told)), now)}`]
      : [],
    // Why a job stands still, of the first that does.
    ...open.flatMap(({ waiting }) => waiting === null ? [] : [waiting]).slice(0, 1),
  ]
  return { text: parts.join(', '), ...counted && total > 0 ? { ratio: done / total } : {} }
}
