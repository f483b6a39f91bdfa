/**
 * The key of whoever looks at a page, where the coordinator asks for one. It is kept for this tab
 * alone, and goes into a header, never into an address.
 *
 * @module
 */
import { ShoalError } from '../client/mod.ts'
import { element, setText } from './node/dom.ts'

const KEY = 'shoal.key'
/** What can stand in a header: quotes that were copied with it cannot. */
const SENDABLE = /^[\x21-\x7e]+$/
let held: string | undefined

try {
  held = sessionStorage.getItem(KEY) ?? undefined
} catch {
  // Storage is off: the key lasts as long as the page.
}

export const key = (): string | undefined => held

/** Whether an answer says that a key, or another one, is wanted. */
const wantsKey = (status: number): boolean => status === 401 || status === 403

/** Shows the page's form and resolves once a key was given. @param why what the coordinator said */
async function askForKey(why: string): Promise<void> {
  const form = element('key-form', HTMLFormElement)
  const field = element('key', HTMLInputElement)
  setText(element('key-why'), why)
  form.hidden = false
  field.focus()
  await new Promise<void>((given) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      given()
    }, { once: true })
  })
  const typed = field.value.trim()
  field.value = ''
  if (!SENDABLE.test(typed)) {
    return await askForKey('Cannot use this key: it has characters that no key has. Copy it alone')
  }
  held = typed
  form.hidden = true
  try {
    sessionStorage.setItem(KEY, held)
  } catch {
    // As above.
  }
}

/**
 * Makes a call, and again with another key for as long as one is wanted.
 *
 * @param asks told whenever the page's form asks for one
 */
export async function withKey<T>(call: () => Promise<T>, asks = () => {}): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof ShoalError) || !wantsKey(error.status)) throw error
      asks()
      await askForKey(error.message)
    }
  }
}
