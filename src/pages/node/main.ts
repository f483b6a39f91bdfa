/**
 * The join page. Nothing of the node exists before the volunteer's click, and nothing brings it
 * back but another one; only a newer build of this page goes on for the one before it.
 *
 * @module
 */
import { browserFacts } from '../../node/host_browser.ts'
import type { TabChoices } from '../../node/tab.ts'
import { remember, setUpChoices } from './choices.ts'
import { element, scriptRuns, setText } from './dom.ts'
import { isFramed, setUpFrame } from './frame.ts'
import { watchMetered } from './metered.ts'
import { missingOf } from './missing.ts'
import { createContribution } from './lent.ts'
import { createRateChart } from './rate_chart.ts'
import { isOld, renew, takeUp } from './renewal.ts'
import { type Session, startSession } from './session.ts'
import { createUseChart } from './use_chart.ts'
import { show, useOf } from './view.ts'

/** Path of the node's worker, put in by the bundler. */
declare const SHOAL_WORKER: string

const facts = browserFacts()
const before = takeUp()
/** In the fragment, which no log of addresses keeps. */
const handed = (name: 't' | 'name') =>
  new URLSearchParams(location.hash.slice(1)).get(name) ?? undefined
const choices = setUpChoices(facts, before?.choices, handed('name'))
const setup = element('setup', HTMLFormElement)
const live = element('live')
const join = element('join', HTMLButtonElement)
const pause = element('pause', HTMLButtonElement)
const stop = element('stop', HTMLButtonElement)
const chart = createRateChart()
const useChart = createUseChart()
let contribution = createContribution()
let session: Session | undefined
let chosen: TabChoices | undefined
let paused = false
let renewing = false
/** By the volunteer. */
let stopped = false
/** Whether all that comes before the first click is done. */
let ready = false
const frame = isFramed() ? setUpFrame(facts, join, mayJoin) : undefined

const missing = missingOf(facts)
element('missing').hidden = missing.length === 0
element('missing-list').replaceChildren(
  ...missing.map((text) => Object.assign(document.createElement('li'), { textContent: text })),
)

setup.addEventListener('submit', (event) => {
  event.preventDefault()
  if (!join.disabled) start(choices.read())
})

function mayJoin(): void {
  join.disabled = !ready || renewing || session !== undefined || frame?.open === false
}

function start(wanted: TabChoices): void {
  join.disabled = true
  chosen = wanted
  remember(chosen)
  setText(element('live-title'), 'Connecting')
  setText(element('say'), '')
  setText(element('known-as'), chosen.name)
  const cores = facts.processors === 1 ? '1 processor' : `${facts.processors} processors`
  setText(element('device'), `${cores}, of which ${chosen.threads} may be busy`)
  paused = stopped = false
  pause.hidden = stop.hidden = false
  stop.disabled = false
  live.hidden = false
  setup.hidden = true
  stop.focus()
  contribution = createContribution()
  chart.begin()
  useChart.begin()
  session = startSession({
    worker: SHOAL_WORKER,
    choices: chosen,
    token: handed('t'),
    changed(snapshot) {
      show(snapshot)
      chart.tell(snapshot.itemsPerS)
      const { processors, duty } = useOf(snapshot)
      useChart.tell({ lent: snapshot.processors * wanted.duty, used: processors * duty })
      contribution.add(snapshot.state.items, snapshot.servedMs)
    },
    ended,
    mayBeOld,
  })
}

function ended(fault?: string, refused?: boolean): void {
  chart.end()
  useChart.end()
  session = undefined
  // Where the coordinator said no, the page says why already.
  if (refused !== true) {
    setText(element('live-title'), 'Stopped')
    setText(element('say'), fault ?? 'Nothing runs any more.')
  }
  pause.hidden = stop.hidden = true
  setup.hidden = false
  mayJoin()
  join.focus()
}

async function mayBeOld(): Promise<void> {
  try {
    if (renewing || !await isOld() || chosen === undefined || stopped) return
    renewing = true
    say('The coordinator has a newer version of this page. It is being loaded.')
    await session?.stop()
    // Nobody who pressed Stop meanwhile is taken along.
    if (!stopped) return renew(chosen, paused)
    renewing = false
    mayJoin()
  } catch {
    say('Cannot find out whether the coordinator has a newer version. Reload the page to be sure.')
  }
}

function say(text: string): void {
  element('news').hidden = false
  setText(element('news'), text)
}

pause.addEventListener('click', () => setPaused(!paused))

function setPaused(wanted: boolean): void {
  paused = wanted
  session?.setPaused(paused)
}

stop.addEventListener('click', () => {
  stop.disabled = stopped = true
  void session?.stop()
})

scriptRuns()
await watchMetered({
  token: handed('t'),
  join,
  allModels: element('all-models', HTMLInputElement),
})
ready = true
mayJoin()
if (before?.agreed === true) {
  say('This page was renewed: the coordinator had a newer version. It continues as you chose.')
  start(choices.read())
  if (before.paused) setPaused(true)
} else if (before !== undefined) {
  say('The coordinator has a newer version, and what you agree to has changed. Nothing runs now.')
}
