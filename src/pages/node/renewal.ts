/**
 * A coordinator that comes back may bring another build of this page. Old code must not serve a new
 * coordinator: the page loads itself anew and goes on, as far as the volunteer's word reaches.
 *
 * @module
 */
import type { TabChoices } from '../../node/tab.ts'

/** What one build of the page leaves for the next, in this tab only and for one reading. */
export interface GoingOn {
  choices: TabChoices
  paused: boolean
  /** What the volunteer agreed to, word for word. */
  terms: string
}

const KEY = 'shoal.going-on'
const TRIES = 3
const AGAIN_MS = 2000
const ANSWER_MS = 10_000

/**
 * Whether the coordinator now serves another build than this page's.
 *
 * @throws Error where that cannot be found out
 */
export async function isOld(): Promise<boolean> {
  for (let tries = 1;; tries++) {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS)
      const answer = await fetch('/node/build.json', { cache: 'no-store', signal })
      const { page } = await answer.json() as { page: string }
      return page !== document.documentElement.dataset['build']
    } catch (error) {
      if (tries === TRIES) throw error
      await new Promise((done) => setTimeout(done, AGAIN_MS))
    }
  }
}

/** Loads the page anew, which is to go on as this one was. */
export function renew(choices: TabChoices, paused: boolean): void {
  const goingOn: GoingOn = { choices, paused, terms: termsOf() }
  try {
    sessionStorage.setItem(KEY, JSON.stringify(goingOn))
  } catch {
    // Storage is off: the new page waits for a click.
  }
  location.reload()
}

/** What the page before this one left, and whether what it was agreed to still holds. */
export function takeUp(): (GoingOn & { agreed: boolean }) | undefined {
  try {
    const kept = sessionStorage.getItem(KEY)
    sessionStorage.removeItem(KEY)
    if (kept === null) return undefined
    const goingOn = JSON.parse(kept) as GoingOn
    return { ...goingOn, agreed: goingOn.terms === termsOf() }
  } catch {
    return undefined
  }
}

/** As they are read, whatever the layout of the source. */
const termsOf = (): string =>
  (document.querySelector('.terms')?.textContent ?? '').replace(/\s+/g, ' ').trim()
