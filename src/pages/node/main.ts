/**
 * The join page. Nothing of the node exists before the volunteer's click, and nothing brings it
 * back but another one.
 *
 * @module
 */
import { browserFacts } from '../../node/host_browser.ts'
import { remember, setUpChoices } from './choices.ts'
import { element, setText } from './dom.ts'
import { watchMetered } from './metered.ts'
import { missingOf } from './missing.ts'
import { type Session, startSession } from './session.ts'
import { show } from './view.ts'

/** Path of the node's worker, put in by the bundler. */
declare const SHOAL_WORKER: string
/** Size of the engine's files, put in likewise. */
declare const SHOAL_ENGINE_BYTES: number

const facts = browserFacts()
const choices = setUpChoices(facts)
const setup = element('setup', HTMLFormElement)
const live = element('live')
const join = element('join', HTMLButtonElement)
const pause = element('pause', HTMLButtonElement)
const stop = element('stop', HTMLButtonElement)
let session: Session | undefined
let paused = false

const missing = missingOf(facts)
element('missing').hidden = missing.length === 0
element('missing-list').replaceChildren(
  ...missing.map((text) => Object.assign(document.createElement('li'), { textContent: text })),
)

setup.addEventListener('submit', async (event) => {
  event.preventDefault()
  if (join.disabled) return
  join.disabled = true
  const chosen = choices.read()
  remember(chosen)
  setText(element('live-title'), 'Connecting')
  setText(element('say'), '')
  setText(element('known-as'), chosen.name)
  const cores = facts.processors === 1 ? '1 processor' : `${facts.processors} processors`
  setText(element('device'), `${cores}, of which ${chosen.threads} may be busy`)
  paused = false
  pause.hidden = stop.hidden = false
  stop.disabled = false
  live.hidden = false
  setup.hidden = true
  stop.focus()
  session = await startSession({
    worker: SHOAL_WORKER,
    choices: chosen,
    token: new URLSearchParams(location.hash.slice(1)).get('t') ?? undefined,
    changed: show,
    ended,
  })
})

function ended(fault?: string, refused?: boolean): void {
  session = undefined
  // Where the coordinator said no, the page says why already.
  if (refused !== true) {
    setText(element('live-title'), 'Stopped')
    setText(element('say'), fault ?? 'Nothing runs any more.')
  }
  pause.hidden = stop.hidden = true
  setup.hidden = false
  join.disabled = false
  join.focus()
}

pause.addEventListener('click', () => {
  paused = !paused
  session?.setPaused(paused)
})
stop.addEventListener('click', () => {
  stop.disabled = true
  void session?.stop()
})

await watchMetered({
  engineBytes: SHOAL_ENGINE_BYTES,
  join,
  allModels: element('all-models', HTMLInputElement),
})
join.disabled = false
