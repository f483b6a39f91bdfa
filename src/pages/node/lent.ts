/**
 * What this browser has lent so far, over all its visits; kept in the browser alone.
 *
 * @module
 */
import { duration, element, setText } from './dom.ts'

const KEY = 'shoal.lent'

interface Lent {
  items: number
  servedMs: number
  /** ISO 8601. */
  since: string
}

export interface Contribution {
  /** How far this session is; called again and again. */
  add(items: number, servedMs: number): void
}

/** Counts on from what is kept; each session counts from nothing. */
export function createContribution(): Contribution {
  let told = { items: 0, servedMs: 0 }
  show(recall())
  return {
    add(items, servedMs) {
      if (items === told.items && servedMs - told.servedMs < 1000) return
      // Read anew: another tab may have added to it.
      const kept = recall() ?? { items: 0, servedMs: 0, since: new Date().toISOString() }
      kept.items += Math.max(0, items - told.items)
      kept.servedMs += Math.max(0, servedMs - told.servedMs)
      told = { items, servedMs }
      try {
        localStorage.setItem(KEY, JSON.stringify(kept))
      } catch {
        // Storage is off: what is shown is of this visit.
      }
      show(kept)
    },
  }
}

function recall(): Lent | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Partial<Lent> | null
    const { items, servedMs, since } = kept ?? {}
    if (typeof items !== 'number' || typeof servedMs !== 'number') return undefined
    return typeof since === 'string' ? { items, servedMs, since } : undefined
  } catch {
    return undefined
  }
}

function show(lent: Lent | undefined): void {
  element('lent').hidden = lent === undefined || lent.items === 0
  if (lent === undefined) return
  const since = new Date(lent.since).toLocaleDateString('en', { dateStyle: 'medium' })
  setText(
    element('lent'),
    `Lent so far with this browser: ${lent.items.toLocaleString('en')} parts of pictures in ` +
      `${duration(lent.servedMs)}, since ${since}.`,
  )
}
