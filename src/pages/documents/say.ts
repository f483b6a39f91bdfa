/** @module What the page says of itself, where it is seen and where it is heard. */
import { element, setText } from '../node/dom.ts'

const MOST_NAMES = 3

/** @param what of those lines of the page; nothing hides it */
export function say(what: 'news' | 'lost' | 'refused' | 'left-out', text: string): void {
  setText(element(what), text)
  element(what).hidden = text === ''
}

/** For those who do not see bars. */
export function announce(text: string): void {
  setText(element('announced'), text)
}

/** As `a.pdf, b.pdf and 4 more`. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES)
  const more = names.length - shown.length
  const all = more > 0 ? [...shown, `${more} more`] : shown
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}
