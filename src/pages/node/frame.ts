/**
 * The join page within another page, which could make it transparent, cover it, or have keys pressed
 * in it. A click joins only where the volunteer was in this frame and its button was really seen.
 *
 * @module
 */
import type { BrowserFacts } from '../../node/host_browser.ts'
import { element, setText } from './dom.ts'

export interface Frame {
  /** Whether the button may be pressed now. */
  readonly open: boolean
}

/** How long button and words must have been in view without a break. */
const SEEN_MS = 500
/** The least that browsers take: they look through all that may lie above. */
const LOOK_EVERY_MS = 100
/** Least width and height of the frame: less would show a button without what belongs to it. */
const LEAST_PX = 280
/** Share that is in view where all is: edges may lie on parts of a pixel. */
const WHOLE = 0.98

const WHY = {
  untold:
    'This browser cannot tell a page in a frame whether it is really seen, so joining is not ' +
    'possible here.',
  small: `This frame is too small to join in: it needs ${LEAST_PX} pixels each way.`,
  unseen: 'The button works once it and the words below it are seen in full, with nothing over ' +
    'them, for half a second.',
} as const

/** By browsers that look at what lies above; absent from the others. */
type Seen = IntersectionObserverEntry & { isVisible?: boolean }

export const isFramed = (): boolean => globalThis.parent !== globalThis.self

/**
 * Says whose frame this is, and keeps watch over the button.
 *
 * @param changed told whenever `open` may have changed
 */
export function setUpFrame(
  facts: BrowserFacts,
  join: HTMLButtonElement,
  changed: () => void,
): Frame {
  document.documentElement.classList.add('framed')
  element('framed').hidden = false
  setText(element('framed-host'), location.host)
  element('framed-thread').hidden = facts.threads
  leadToTab()
  if (!('isVisible' in IntersectionObserverEntry.prototype)) {
    tell('untold')
    return { open: false }
  }
  return watch([join, element('agreement')], join, changed)
}

function watch(parts: Element[], join: HTMLButtonElement, changed: () => void): Frame {
  const inView = new Set<Element>()
  let seenFor: ReturnType<typeof setTimeout> | undefined
  const frame = { open: false }
  let touched = false

  function look(entries: readonly Seen[]): void {
    for (const { target, isVisible, intersectionRatio } of entries) {
      if (isVisible === true && intersectionRatio >= WHOLE) inView.add(target)
      else inView.delete(target)
    }
    settle()
  }

  function settle(): void {
    const why = isSmall() ? 'small' : inView.size < parts.length ? 'unseen' : undefined
    tell(why)
    if (why === undefined) return void (seenFor ??= setTimeout(() => set(true), SEEN_MS))
    clearTimeout(seenFor)
    seenFor = undefined
    set(false)
  }

  function set(open: boolean): void {
    frame.open = open
    changed()
  }

  const options = { threshold: WHOLE, trackVisibility: true, delay: LOOK_EVERY_MS }
  const observer = new IntersectionObserver(look, options)
  parts.forEach((part) => observer.observe(part))
  addEventListener('resize', settle)
  // A zoom by the page around changes no size here but that in pixels of the screen.
  new ResizeObserver(settle).observe(document.documentElement, { box: 'device-pixel-content-box' })

  // The page around can put the focus here, but not the pointer, nor lead the Tab key on.
  const touch = (event: Event) => touched ||= event.isTrusted
  document.addEventListener('mousedown', touch, true)
  document.addEventListener('keydown', (event) => event.key === 'Tab' && touch(event), true)
  join.addEventListener('click', (event) => {
    look(observer.takeRecords())
    if (!frame.open || !touched || !event.isTrusted) event.preventDefault()
  })
  return frame
}

/** A page around that shrinks its frame by `zoom` makes pixels of this one smaller than the screen's. */
const isSmall = () =>
  Math.min(innerWidth, innerHeight) * Math.min(1, globalThis.devicePixelRatio) < LEAST_PX

function tell(why: keyof typeof WHY | undefined): void {
  element('framed-why').hidden = why === undefined
  if (why !== undefined) setText(element('framed-why-text'), WHY[why])
}

/** Links of this page, and its like in a tab of its own with what was handed to this one. */
function leadToTab(): void {
  document.querySelectorAll('a').forEach((link) => link.target = '_blank')
  const lead = () =>
    document.querySelectorAll<HTMLAnchorElement>('a.own-tab').forEach((link) =>
      link.href = `/node${location.hash}`
    )
  addEventListener('hashchange', lead)
  lead()
}
