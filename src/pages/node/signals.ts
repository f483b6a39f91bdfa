/**
 * What this page notices, passed on to its node.
 *
 * @module
 */
import type { PageSignal } from '../../node/signals.ts'

/** Sends the present state and every change; the returned function ends it. */
export function watchPage(send: (signal: PageSignal) => void): () => void {
  const over = new AbortController()
  const { signal } = over
  const hidden = () => send({ type: 'hidden', hidden: document.visibilityState === 'hidden' })
  document.addEventListener('visibilitychange', hidden, { signal })
  const leave = (why: string) => () => send({ type: 'leave', why })
  globalThis.addEventListener('pagehide', leave('the tab was closed'), { signal })
  document.addEventListener('freeze', leave('the browser froze the tab'), { signal })
  hidden()
  void watchBattery(send, signal)
  return () => over.abort()
}

interface Battery extends EventTarget {
  charging: boolean
}

async function watchBattery(send: (signal: PageSignal) => void, signal: AbortSignal) {
  try {
    const { getBattery } = navigator as { getBattery?: () => Promise<Battery> }
    const battery = await getBattery?.call(navigator)
    if (battery === undefined || signal.aborted) return
    const tell = () => send({ type: 'battery', charging: battery.charging })
    battery.addEventListener('chargingchange', tell, { signal })
    tell()
  } catch {
    // Not for this page to know.
  }
}
