/**
 * What this page notices, passed on to its node.
 *
 * @module
 */
import { type Connection, isMetered } from '../../node/limits/metered.ts'
import type { PageSignal, Pressure } from '../../node/limits/signals.ts'

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
  watchTime(send, signal)
  watchLink(send, signal)
  void watchBattery(send, signal)
  void watchPressure(send, signal)
  return () => over.abort()
}

const MINUTE_MS = 60_000

/** At each full minute, and when the page is seen again: timers of hidden pages may be late. */
function watchTime(send: (signal: PageSignal) => void, signal: AbortSignal): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tell = () => {
    const now = new Date()
    send({ type: 'time', minute: 60 * now.getHours() + now.getMinutes() })
    clearTimeout(timer)
    timer = setTimeout(tell, MINUTE_MS - now.getTime() % MINUTE_MS + 1)
  }
  document.addEventListener('visibilitychange', tell, { signal })
  signal.addEventListener('abort', () => clearTimeout(timer))
  tell()
}

interface Battery extends EventTarget {
  charging: boolean
  level: number
}

function watchLink(send: (signal: PageSignal) => void, signal: AbortSignal): void {
  const { connection } = navigator as { connection?: Connection & Partial<EventTarget> }
  const tell = () => send({ type: 'link', metered: isMetered(connection) })
  connection?.addEventListener?.('change', tell, { signal })
  tell()
}

async function watchBattery(send: (signal: PageSignal) => void, signal: AbortSignal) {
  try {
    const { getBattery } = navigator as { getBattery?: () => Promise<Battery> }
    const battery = await getBattery?.call(navigator)
    if (battery === undefined || signal.aborted) return
    const tell = () => {
      const { charging, level } = battery
      send({ type: 'battery', charging, level })
    }
    battery.addEventListener('chargingchange', tell, { signal })
    battery.addEventListener('levelchange', tell, { signal })
    tell()
  } catch {
    // Not for this page to know.
  }
}

interface Observer {
  observe(source: 'cpu', options: { sampleInterval: number }): Promise<void>
  disconnect(): void
}
type ObserverClass = new (told: (records: { state: Pressure }[]) => void) => Observer

const SAMPLE_MS = 2000

/** Told by Chromium, of the page in front only: one that is hidden keeps the last state. */
async function watchPressure(send: (signal: PageSignal) => void, signal: AbortSignal) {
  try {
    const { PressureObserver: Class } = globalThis as { PressureObserver?: ObserverClass }
    if (Class === undefined) return
    const observer = new Class((records) => {
      const last = records.at(-1)
      if (last !== undefined && !signal.aborted) send({ type: 'pressure', state: last.state })
    })
    signal.addEventListener('abort', () => observer.disconnect())
    await observer.observe('cpu', { sampleInterval: SAMPLE_MS })
  } catch {
    // Not for this page to know.
  }
}
