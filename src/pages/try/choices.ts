/**
 * What to ask with: pipeline, deadline, least accuracy.
 *
 * @module
 */
import type { PipelineInfo } from '../../client/types.ts'
import { MOST_MS } from '../../client/waits.ts'
import { duration, percent } from '../format.ts'
import { make } from '../make.ts'
import { element, setText } from '../node/dom.ts'

/** The slider's left end; in times of what the pipeline allows by itself, where that is less. */
const LEAST_MS = 100
const LEAST_SLOS = 1 / 4
/** Its right end, in such times. */
const MOST_SLOS = 2

export interface Choices {
  pipeline: PipelineInfo
  /** Absent where it is the pipeline's own. */
  timeoutMs?: number
  /** Absent where none is asked for. */
  minAccuracy?: number
}

/** @returns reads the form */
export function setUpChoices(
  pipelines: readonly PipelineInfo[],
  changed: () => void,
): () => Choices {
  const select = element('pipeline', HTMLSelectElement)
  const deadline = element('deadline', HTMLInputElement)
  const accuracy = element('accuracy', HTMLInputElement)
  select.replaceChildren(...pipelines.map(({ name }) => make('option', { value: name }, name)))

  const pipeline = () => pipelines.find(({ name }) => name === select.value)!
  /** Where the slider stands for the pipeline's own. */
  let ownAt = ''
  const leastMs = () => Math.min(LEAST_MS, LEAST_SLOS * pipeline().sloMs)
  /** Even steps of the slider are even ratios of time; its middle third is what is useful. */
  const scale = () => Math.log(MOST_SLOS * pipeline().sloMs / leastMs())
  const chosenMs = () => {
    const ms = Math.min(MOST_MS, leastMs() * Math.exp(scale() * Number(deadline.value) / 100))
    if (ms < 100) return Math.ceil(ms)
    return ms < 1000 ? Math.round(ms / 10) * 10 : Math.round(ms / 100) * 100
  }
  const reset = () => {
    deadline.value = String(Math.round(100 * Math.log(pipeline().sloMs / leastMs()) / scale()))
    ownAt = deadline.value
    accuracy.max = String(Math.floor(100 * pipeline().bestAccuracy))
    accuracy.value = '0'
  }
  const isOwn = () => deadline.value === ownAt
  const read = (): Choices => ({
    pipeline: pipeline(),
    ...isOwn() ? {} : { timeoutMs: chosenMs() },
    ...accuracy.value === '0' ? {} : { minAccuracy: Number(accuracy.value) / 100 },
  })
  const show = () => {
    const { timeoutMs, minAccuracy, pipeline: { sloMs } } = read()
    const said = timeoutMs === undefined ? `${duration(sloMs)}, as usual` : duration(timeoutMs)
    setText(element('deadline-out'), said)
    deadline.setAttribute('aria-valuetext', said)
    const least = minAccuracy === undefined ? 'any' : `${percent(minAccuracy)} %`
    setText(element('accuracy-out'), least)
    accuracy.setAttribute('aria-valuetext', least)
  }
  select.addEventListener('change', () => {
    reset()
    show()
    changed()
  })
  for (const field of [deadline, accuracy]) {
    field.addEventListener('input', () => {
      show()
      changed()
    })
  }
  reset()
  show()
  return read
}
