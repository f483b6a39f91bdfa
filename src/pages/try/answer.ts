/**
 * What came of a question: the answer and how it came about, or why there is none.
 *
 * @module
 */
import { ShoalError } from '../../client/mod.ts'
import type { InferAnswer, PipelineInfo } from '../../client/types.ts'
import { durationParts, percent, plural } from '../format.ts'
import { make } from '../make.ts'
import { element, setText } from '../node/dom.ts'
import { foundIn } from './found.ts'
import { showFound } from './overlay.ts'
import type { Picture } from './picture.ts'
import { showTimes } from './timing.ts'
import { showValues } from './values.ts'

export interface Answered {
  pipeline: PipelineInfo
  answer: InferAnswer<Record<string, unknown>>
  /** As this page saw it, its own network included. */
  wholeMs: number
  /** What was generated: its value where it is JSON, and when it began. */
  generated?: { json?: unknown; firstMs: number | undefined }
}

export function showFault(text: string): void {
  element('answer').hidden = false
  element('good').hidden = true
  element('fault').hidden = false
  setText(element('fault'), text)
}

export function faultOf(error: unknown): string {
  if (!(error instanceof ShoalError)) return 'Cannot ask: the coordinator does not answer.'
  const { retryAfterS } = error
  const again = retryAfterS === undefined ? '' : ` Try again in ${plural(retryAfterS, 'second')}.`
  return `${error.message} (${error.reason}).${again}`
}

/** All that was said so far; of nothing yet there is nothing to see. */
export function showSaid(text: string): void {
  element('said-part').hidden = text === ''
  setText(element('said'), text)
  if (text === '') return showValues(undefined)
  element('answer').hidden = false
  element('fault').hidden = true
}

export function showAnswer(asked: Picture | undefined, answered: Answered): void {
  const { pipeline, answer, wholeMs, generated } = answered
  element('answer').hidden = false
  element('good').hidden = false
  element('fault').hidden = true
  setText(element('took'), durationParts(answer.latencyMs).join(' '))
  setText(element('expect'), `${percent(answer.accuracy)} %`)
  const { list, items } = foundIn(answer.outputs)
  // What was generated stands there already: of its lists what has a place on the picture is left.
  const placed = generated === undefined ? items : items.filter(({ box }) => box !== null)
  showFound(asked, placed)
  element('lines-title').hidden = generated !== undefined && placed.length === 0
  showValues(generated?.json)
  const { completionTokens } = answer.generated ?? {}
  setText(element('count'), String(completionTokens ?? items.length))
  setText(element('count-of'), completionTokens === undefined ? list : 'tokens said')
  const firstMs = generated?.firstMs
  element('first-figure').hidden = firstMs === undefined
  if (firstMs !== undefined) setText(element('first'), durationParts(firstMs).join(' '))
  element('path').replaceChildren(
    ...Object.entries(answer.path).map(([task, variants]) =>
      make(
        'li',
        {},
        make('span', { class: 'task' }, task),
        ...Object.entries(variants).map(([variant, count]) => {
          const accuracy = pipeline.tasks[task]?.variants[variant]?.accuracy
          const said = accuracy === undefined ? '' : `, accuracy ${percent(accuracy)} %`
          const text = ` ${plural(count, 'item')}${said}`
          return make('span', { class: 'chip' }, make('strong', {}, variant), text)
        }),
      )
    ),
  )
  showTimes(answer as InferAnswer, pipeline, wholeMs)
}
