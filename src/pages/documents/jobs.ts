/**
 * All that was handed in from this browser: sent, watched, cancelled, removed.
 *
 * @module
 */
import { hasEnded, type WholeJob } from '../../client/job_facts.ts'
import { type Client, ShoalError } from '../../client/mod.ts'
import { plural } from '../format.ts'
import { key, type withKey } from '../key.ts'
import { element } from '../node/dom.ts'
import { Card } from './card.ts'
import { forgetJob, keepJob, keepSending, keptJobs } from './kept.ts'
import { announce, say } from './say.ts'
import { type HandIn, upload } from './upload.ts'
import { watchJobs } from './watch.ts'
import { showWhole } from './whole.ts'

export interface Jobs {
  /** One after the other, so that the first is read while the second is sent. */
  handIn(all: readonly HandIn[]): void
}

const GONE = 'The coordinator keeps this no longer.'

export function setUpJobs(client: Client, ask: typeof withKey): Jobs {
  /** Newest first, as they are shown; by the job that the coordinator made of it, or none yet. */
  const cards: { card: Card; id?: string; stop?: AbortController; asksFailed?: boolean }[] = []
  const acts = { cancel, remove }
  const entryOf = (card: Card) => cards.find((one) => one.card === card)!
  const watched = () =>
    cards.filter(({ card, id }) =>
      id !== undefined && (card.lacksFailed || !(card.job && hasEnded(card.job)))
    )

  const lookNow = watchJobs(client, {
    ids: () => watched().map(({ id }) => id!),
    told,
    gone(id) {
      const entry = cards.find((one) => one.id === id)
      if (entry === undefined) return
      delete entry.id
      forgetJob(id)
      entry.card.showEnd(GONE)
    },
    reached: (is) => say('news', is ? '' : 'The coordinator does not answer. Trying again.'),
    withKey: ask,
  })

  for (const { id } of keptJobs()) put({ card: new Card(acts), id }, 'append')
  lookNow()

  function put(entry: (typeof cards)[number], at: 'append' | 'prepend'): void {
    if (at === 'append') cards.push(entry)
    else cards.unshift(entry)
    element('jobs')[at](entry.card.element)
    element('nothing').hidden = true
  }

  function told(id: string, job: WholeJob): void {
    const entry = cards.find((one) => one.id === id)
    if (entry === undefined) return
    const before = entry.card.job
    entry.card.show(job, new Date())
    if (entry.card.lacksFailed) void tellFailed(entry, id)
    if (before !== undefined && !hasEnded(before) && hasEnded(job)) announce(endText(job))
    showAll()
  }

  /** Which pages failed, and why; where that cannot be asked now, it is in a later round. */
  async function tellFailed(entry: (typeof cards)[number], id: string): Promise<void> {
    if (entry.asksFailed) return
    entry.asksFailed = true
    const results = await ask(() => client.jobs.results(id)).catch(() => undefined)
    entry.asksFailed = false
    if (results !== undefined) entry.card.showFailed(results, new Date())
  }

  function showAll(): void {
    const active = cards.flatMap(({ card }) => card.wasActive && card.job ? [card.job] : [])
    showWhole(active, new Date())
  }

  async function handIn(all: readonly HandIn[]): Promise<void> {
    const entries = all.map((handIn) => {
      const entry = { card: new Card(acts), stop: new AbortController() }
      put(entry, 'prepend')
      entry.card.showSent(handIn.files, 0)
      return { entry, handIn }
    })
    entries.at(-1)?.entry.card.focus()
    sending.push(...entries)
    if (sending.length > entries.length) return
    for (let next = sending[0]; next !== undefined; next = sending[0]) {
      keepSending(sending.flatMap(({ handIn }) => handIn.files.map(({ name }) => name)))
      await send(next.entry, next.handIn)
      sending.shift()
    }
    keepSending([])
  }
  const sending: { entry: (typeof cards)[number]; handIn: HandIn }[] = []
  addEventListener('beforeunload', (event) => {
    if (sending.length > 0) event.preventDefault()
  })

  async function send(entry: (typeof cards)[number], handIn: HandIn): Promise<void> {
    const signal = entry.stop!.signal
    try {
      const sent = (ratio: number) => entry.card.showSent(handIn.files, ratio)
      const job = await ask(() => upload(handIn, key(), signal, sent))
      entry.id = job.id
      keepJob({ id: job.id, atMs: Date.now() })
      announce(`${plural(handIn.files.length, 'document')} handed in`)
      told(job.id, job)
      lookNow()
    } catch (error) {
      const why = (error as Error).message
      entry.card.showEnd(/[.!?]$/.test(why) ? why : `${why}.`)
    } finally {
      delete entry.stop
    }
  }

  async function cancel(card: Card): Promise<void> {
    const { id, stop } = entryOf(card)
    if (stop !== undefined) return stop.abort()
    if (id === undefined || !confirm('Stop reading these documents? What is read so far stays.')) {
      return
    }
    // Where it has ended while the question stood there, it stays as it is.
    await act(() => client.jobs.cancel(id))
    lookNow()
  }

  async function remove(card: Card): Promise<void> {
    const entry = entryOf(card)
    const { id } = entry
    if (id !== undefined) {
      const question =
        'Remove these documents, and all that was read of them, from the coordinator?'
      if (!confirm(question) || !await act(() => client.jobs.remove(id))) return
      forgetJob(id)
    }
    cards.splice(cards.indexOf(entry), 1)
    card.element.remove()
    element('nothing').hidden = cards.length > 0
    element('work-title').focus()
    showAll()
  }

  /** Whether it is as was wanted; else it is told why not. */
  async function act(call: () => Promise<unknown>): Promise<boolean> {
    try {
      await ask(call)
      return true
    } catch (error) {
      if (error instanceof ShoalError && error.status === 404) return true
      say('news', (error as Error).message)
      return false
    }
  }

  return { handIn: (all) => void handIn(all) }
}

function endText({ state, documents, pages }: WholeJob): string {
  const what = plural(documents.length, 'document')
  if (state === 'cancelled') return `${what} cancelled`
  return state === 'failed'
    ? `${what} could not be read`
    : `${what} read, ${plural(pages.done, 'page')}`
}
