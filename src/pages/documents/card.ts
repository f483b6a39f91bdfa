/**
 * What was handed in together: a job, from the first byte that is sent to what is downloaded.
 *
 * @module
 */
import { hasEnded, type WholeJob, zipPath } from '../../client/job_facts.ts'
import type { FailedPage, JobResult } from '../../client/job_types.ts'
import { outputStems } from '../../client/output_names.ts'
import { moment } from '../../client/when.ts'
import { plural } from '../format.ts'
import { make } from '../make.ts'
import { setText } from '../node/dom.ts'
import type { Chosen } from './files.ts'
import { Row } from './row.ts'

/** Rows shown until all are asked for. */
const FEW_ROWS = 50

export interface CardActs {
  /** Stops the sending, or the job. */
  cancel(card: Card): void
  /** Takes the job and what came of it away. */
  remove(card: Card): void
}

let serial = 0

export class Card {
  readonly element: HTMLElement
  /** What the coordinator last said; none while it is sent. */
  job: WholeJob | undefined
  /** Pages that failed, by documents; as many as `job` said when they were asked for. */
  #failed: { pages: number; of: readonly (readonly FailedPage[])[] } = { pages: 0, of: [] }
  /** Ended before this page was opened, it is no part of the whole that the page shows. */
  wasActive = false
  readonly #title: HTMLElement
  readonly #standing = make('p', { class: 'small standing-line' })
  readonly #list = make('ul', { class: 'rows' })
  readonly #all = make('button', { type: 'button', class: 'quiet', hidden: true })
  readonly #zip = make('a', { class: 'button quiet', hidden: true }, 'Download all')
  readonly #cancel = make('button', { type: 'button', class: 'quiet' }, 'Cancel')
  readonly #remove = make('button', { type: 'button', class: 'quiet', hidden: true }, 'Remove')
  #rows: Row[] = []
  #showsAll = false

  constructor(acts: CardActs) {
    const id = `job-${++serial}`
    this.#title = make('h3', { id, tabindex: -1 })
    this.element = make(
      'section',
      { class: 'job card', 'aria-labelledby': id },
      make(
        'div',
        { class: 'headline' },
        this.#title,
        make('div', { class: 'actions' }, this.#zip, this.#cancel, this.#remove),
      ),
      this.#standing,
      this.#list,
      this.#all,
    )
    this.#cancel.addEventListener('click', () => acts.cancel(this))
    this.#remove.addEventListener('click', () => acts.remove(this))
    this.#all.addEventListener('click', () => {
      this.#showsAll = true
      this.#lay()
    })
  }

  /** @param ratio of all that is handed in together */
  showSent(files: readonly Chosen[], ratio: number): void {
    this.element.classList.add('uploading')
    this.wasActive = true
    this.#name(files.map(({ name }) => name), '')
    const whole = files.reduce((sum, { bytes }) => sum + bytes, 0)
    let left = ratio * whole
    files.forEach(({ bytes }, index) => {
      this.#rows[index]!.showSent(Math.min(1, left / bytes))
      left = Math.max(0, left - bytes)
    })
    setText(this.#standing, ratio < 1 ? `Sending: ${Math.floor(100 * ratio)} %` : TAKEN_IN)
  }

  show(job: WholeJob, now: Date): void {
    this.job = job
    this.element.classList.remove('uploading')
    const ended = hasEnded(job)
    if (!ended) this.wasActive = true
    const by = job.by === null ? '' : `, by ${moment(new Date(job.by), now)}`
    this.#name(job.documents.map(({ name }) => name), by)
    const { of } = this.#failed
    job.documents.forEach((document, n) => this.#rows[n]!.show(document, of[n] ?? []))
    setText(this.#standing, standingOf(job, now))
    this.#standing.classList.toggle('fault', job.inTime === false || job.state === 'failed')
    this.#cancel.hidden = ended
    this.#remove.hidden = !ended
    const got = job.documents.filter(({ outputs }) => Object.keys(outputs).length > 0).length
    this.#zip.hidden = got === 0
    if (this.#zip.getAttribute('href') === null) {
      this.#zip.href = zipPath(job.id)
      this.#zip.download = 'documents.zip'
    }
    setText(this.#zip, ended ? 'Download all' : `Download ${got} so far`)
  }

  /** Whether pages failed that are not listed yet. */
  get lacksFailed(): boolean {
    return this.job !== undefined && this.job.pages.failed > this.#failed.pages
  }

  showFailed(results: readonly JobResult[], now: Date): void {
    const pages = results.reduce((sum, { failedPages }) => sum + failedPages.length, 0)
    // Should fewer be told of than were counted, they are not asked for again and again.
    this.#failed = {
      pages: Math.max(pages, this.job!.pages.failed),
      of: results.map(({ failedPages }) => failedPages),
    }
    this.show(this.job!, now)
  }

  /** It cannot be gone on with. */
  showEnd(why: string): void {
    this.element.classList.remove('uploading')
    setText(this.#title, this.#title.textContent === '' ? 'Documents' : this.#title.textContent)
    setText(this.#standing, why)
    this.#standing.classList.add('fault')
    this.#list.hidden = true
    for (const part of [this.#cancel, this.#all, this.#zip]) part.hidden = true
    this.#remove.hidden = false
  }

  focus(): void {
    this.#title.focus()
  }

  #name(names: readonly string[], by: string): void {
    setText(this.#title, plural(names.length, 'document') + by)
    const isSame = this.#rows.length === names.length &&
      names.every((name, index) => this.#rows[index]!.name === name)
    if (isSame) return
    const stems = outputStems(names)
    this.#rows = names.map((name, index) => new Row(name, stems[index]!))
    this.#lay()
  }

  #lay(): void {
    const shown = this.#showsAll ? this.#rows : this.#rows.slice(0, FEW_ROWS)
    this.#list.replaceChildren(...shown.map(({ element }) => element))
    this.#all.hidden = shown.length === this.#rows.length
    setText(this.#all, `Show all ${this.#rows.length}`)
  }
}

const TAKEN_IN = 'All is sent; the coordinator counts the pages.'

function standingOf(job: WholeJob, now: Date): string {
  const { state, pages: { done, total, failed }, by, estimateAt, inTime, waiting } = job
  const lost = job.documents.filter(({ state }) => state === 'failed').length
  const broken = [
    ...failed > 0 ? [`${plural(failed, 'page')} could not be read.`] : [],
    ...lost > 0 ? [`${plural(lost, 'document')} could not be read.`] : [],
  ]
  if (state === 'failed' || state === 'done' && done === 0 && lost > 0) {
    return job.documents.length === 1 ? 'It could not be read.' : 'None of them could be read.'
  }
  if (state === 'done') return [`${plural(done, 'page')} read.`, ...broken].join(' ')
  if (state === 'cancelled') return `Cancelled; ${plural(done, 'page')} read before.`
  const of = total === null ? 'Counting pages' : `${done + failed} of ${plural(total, 'page')}`
  const about = estimateAt === null ? '' : `, ready about ${moment(new Date(estimateAt), now)}`
  const late = inTime === false && by !== null
    ? [`That is later than ${moment(new Date(by), now)}: more devices would help.`]
    : []
  const still = waiting === null ? [] : [/[.!?]$/.test(waiting) ? waiting : `${waiting}.`]
  return [`${of}${about}.`, ...late, ...broken, ...still].join(' ')
}
