/**
 * One document in a list: how far it is, why not further, what came of it.
 *
 * @module
 */
import { faultLines } from '../../client/fault_lines.ts'
import type { FailedPage, JobDocument, JobOutput } from '../../client/job_types.ts'
import { ENDINGS, JOB_OUTPUTS } from '../../client/job_facts.ts'
import { plural } from '../format.ts'
import { make, setAttribute } from '../make.ts'
import { setText } from '../node/dom.ts'

const LINKS: Readonly<Record<JobOutput, string>> = {
  pdf: 'PDF',
  text: 'Text',
  json: 'JSON',
  hocr: 'hOCR',
  alto: 'ALTO',
}

/** Lines of what could not be read of one document: each names any number of pages. */
const MOST_FAULTS = 20

export class Row {
  readonly element: HTMLLIElement
  readonly #count = make('span')
  readonly #bar: HTMLProgressElement
  readonly #got = make('p', { class: 'got', hidden: true })
  readonly #faults = make('ul', { class: 'faults', hidden: true })
  /** What there are links for. */
  #linked = ''
  /** What is said of faults. */
  #told = ''

  /** @param stem what its outputs are called, but for their endings */
  constructor(readonly name: string, private readonly stem: string) {
    this.#bar = make('progress', { max: 1, value: 0, 'aria-label': `Progress of ${name}` })
    this.element = make(
      'li',
      {},
      make('div', { class: 'row-head' }, make('span', { class: 'name' }, name), this.#count),
      this.#bar,
      this.#faults,
      this.#got,
    )
  }

  /** @param ratio of its bytes that are sent */
  showSent(ratio: number): void {
    setText(this.#count, ratio === 0 ? 'to be sent' : `sent ${Math.floor(100 * ratio)} %`)
    setBar(this.#bar, ratio)
  }

  /** @param failed those of its pages that failed, as far as they are known */
  show(document: JobDocument, failed: readonly FailedPage[]): void {
    setText(this.#count, countOf(document))
    setBar(this.#bar, ratioOf(document))
    this.#bar.hidden = document.state === 'failed' || document.state === 'cancelled'
    this.#tell(faultLines(document, failed))
    this.#link(document.outputs)
  }

  #tell(lines: readonly string[]): void {
    if (this.#told === lines.join('\n')) return
    this.#told = lines.join('\n')
    this.#faults.hidden = lines.length === 0
    const shown = lines.slice(0, MOST_FAULTS)
    if (lines.length > shown.length) shown.push(`and ${lines.length - shown.length} more`)
    this.#faults.replaceChildren(...shown.map((line) => make('li', {}, line)))
  }

  #link(paths: JobDocument['outputs']): void {
    const outputs = JOB_OUTPUTS.filter((one) => paths[one] !== undefined)
    if (this.#linked === outputs.join()) return
    this.#linked = outputs.join()
    this.#got.hidden = outputs.length === 0
    this.#got.replaceChildren(...outputs.map((output) => {
      const label = `Download ${this.name} as ${LINKS[output]}`
      // Without its folders: a browser takes none.
      const download = this.stem.slice(this.stem.lastIndexOf('/') + 1) + ENDINGS[output]
      return make('a', { href: paths[output]!, download, 'aria-label': label }, LINKS[output])
    }))
  }
}

/** Nothing: that it cannot be told yet. */
export function setBar(bar: HTMLProgressElement, ratio: number | undefined): void {
  if (ratio === undefined) bar.removeAttribute('value')
  else setAttribute(bar, 'value', String(Math.round(1000 * ratio) / 1000))
}

function ratioOf({ state, pages: { done, failed, total } }: JobDocument): number | undefined {
  if (state === 'done') return 1
  if (total === null) return state === 'queued' ? 0 : undefined
  return total === 0 ? 0 : (done + failed) / total
}

function countOf({ state, pages: { done, failed, total } }: JobDocument): string {
  const of = total === null ? '' : `${done + failed} of ${plural(total, 'page')}`
  switch (state) {
    case 'queued':
      return total === null ? 'waiting' : `waiting, ${plural(total, 'page')}`
    case 'running':
      return of === '' ? 'counting pages' : of
    case 'done':
      return failed === 0
        ? plural(done, 'page')
        : `${done} of ${plural(done + failed, 'page')} read`
    case 'cancelled':
      return total === 0 || of === '' ? 'cancelled' : `cancelled at ${of}`
    case 'failed':
      return 'not read'
  }
}
