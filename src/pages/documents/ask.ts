/**
 * Hands in what was chosen.
 *
 * @module
 */
import { inBatches } from '../../client/document.ts'
import { plural } from '../format.ts'
import { element, setText } from '../node/dom.ts'
import { setUpChoices } from './choices.ts'
import type { Jobs } from './jobs.ts'
import type { Pile } from './pile.ts'
import { say } from './say.ts'

/** Of one job: what breaks off on its way is sent again as a whole. */
const MOST = { files: 500, bytes: 512 * 1024 * 1024 }

/** @param pipeline that reads them */
export function setUpAsk(pile: Pile, jobs: Jobs, pipeline: string): void {
  const go = element('go', HTMLButtonElement)
  const read = setUpChoices()
  const show = () => {
    const { length } = pile.files
    go.disabled = length === 0
    setText(go, length === 0 ? 'Read documents' : `Read ${plural(length, 'document')}`)
  }
  pile.changed(show)
  show()
  element('ask').addEventListener('submit', (event) => {
    event.preventDefault()
    if (pile.files.length === 0) return
    const choices = read()
    say('refused', typeof choices === 'string' ? choices : '')
    if (typeof choices === 'string') return
    const batches = inBatches(pile.take(), MOST)
    jobs.handIn(batches.map((files) => ({ ...choices, files, pipeline })))
  })
}
