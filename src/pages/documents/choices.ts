/**
 * By when documents are to be read, and what comes out.
 *
 * @module
 */
import type { JobOutput } from '../../client/job_types.ts'
import { JOB_OUTPUTS } from '../../client/job_facts.ts'
import { moment, nextClock } from '../../client/when.ts'
import { element, setText } from '../node/dom.ts'

/** Before people are back at their desks. */
const MORNING_HOUR = 7
/** A night that ends sooner is the next one. */
const LEAST_NIGHT_MS = 4 * 3_600_000

export interface Choices {
  by?: Date
  outputs: JobOutput[]
}

/** @returns reads the form; a text says what is wrong with it */
export function setUpChoices(now: () => Date = () => new Date()): () => Choices | string {
  const time = element('time', HTMLInputElement)
  const radios = [...document.querySelectorAll<HTMLInputElement>('input[name=when]')]
  const chosen = () => radios.find(({ checked }) => checked)?.value ?? 'none'
  const morning = () => nextClock(MORNING_HOUR, 0, new Date(+now() + LEAST_NIGHT_MS))
  setText(element('tonight'), `Tonight, by ${moment(morning(), now())}`)
  for (const radio of radios) {
    radio.addEventListener('change', () => {
      const isTime = chosen() === 'time'
      element('time-field').hidden = !isTime
      if (isTime && time.value === '') time.value = localValue(new Date(+now() + 3_600_000))
    })
  }
  return () => {
    const outputs = JOB_OUTPUTS.filter((output) =>
      document.querySelector<HTMLInputElement>(`input[name=output][value=${output}]`)?.checked
    )
    if (outputs.length === 0) return 'Choose at least one thing that comes out.'
    if (chosen() === 'none') return { outputs }
    if (chosen() === 'tonight') return { outputs, by: morning() }
    const by = new Date(time.value)
    if (Number.isNaN(+by)) return 'Choose the time by which all is to be read.'
    return by > now() ? { outputs, by } : 'The time by which all is to be read has passed.'
  }
}

/** As a field for a time of here has it. */
const localValue = (at: Date): string =>
  new Date(+at - 60_000 * at.getTimezoneOffset()).toISOString().slice(0, 16)
