/**
 * The pile: files that are chosen and not yet handed in.
 *
 * @module
 */
import { apart } from '../../client/output_names.ts'
import { plural } from '../format.ts'
import { make } from '../make.ts'
import { element, setText } from '../node/dom.ts'
import { type Chosen, type LeftOut, setUpFiles } from './files.ts'
import { announce, listed, say } from './say.ts'
import { size } from './size.ts'

/** What the coordinator takes of one file. */
const MOST_FILE_BYTES = 256 * 1024 * 1024
/** Names that are shown of the pile. */
const MOST_SHOWN = 200

export interface Pile {
  readonly files: readonly Chosen[]
  /** Empties it. */
  take(): Chosen[]
  changed(then: () => void): void
}

export function setUpPile(): Pile {
  let files: Chosen[] = []
  let changed = () => {}
  setUpFiles({ fileBytes: MOST_FILE_BYTES }, (chosen, leftOut) => {
    const names = new Set(files.map(({ name }) => name.toLowerCase()))
    for (const one of chosen) {
      const name = apart(one.name, names)
      names.add(name.toLowerCase())
      files.push({ ...one, name })
    }
    say('refused', '')
    say('left-out', leftOutText(leftOut, chosen.length))
    show()
    if (chosen.length > 0) announce(`${plural(files.length, 'document')} chosen`)
  })
  element('clear').addEventListener('click', () => {
    files = []
    say('left-out', '')
    show()
    element('choose-files').focus()
  })

  function show(): void {
    element('chosen').hidden = files.length === 0
    const bytes = files.reduce((sum, one) => sum + one.bytes, 0)
    setText(element('chosen-title'), `${plural(files.length, 'document')}, ${size(bytes)}`)
    const rows = files.slice(0, MOST_SHOWN).map((one) =>
      make('li', {}, one.name, make('span', {}, size(one.bytes)))
    )
    if (files.length > MOST_SHOWN) {
      rows.push(make('li', {}, `and ${files.length - MOST_SHOWN} more`))
    }
    element('chosen-files').replaceChildren(...rows)
    changed()
  }

  return {
    get files() {
      return files
    },
    take() {
      const taken = files
      files = []
      say('left-out', '')
      show()
      return taken
    },
    changed: (then) => changed = then,
  }
}

function leftOutText(leftOut: readonly LeftOut[], taken: number): string {
  if (leftOut.length === 0) return taken > 0 ? '' : 'There is no file in it.'
  const kinds = [...new Set(leftOut.map(({ why }) => why))].map((why) => {
    const names = leftOut.filter((one) => one.why === why).map(({ name }) => name)
    return `${listed(names)} (${why})`
  })
  return `Left out: ${kinds.join('; ')}.`
}
