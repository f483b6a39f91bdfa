/** A browser tab's node as its page sees it, without a browser. */
import type { Host } from '../../src/node/host.ts'
import type { NodeOptions, VolunteerNode } from '../../src/node/node.ts'
import type { PageSignal } from '../../src/node/limits/signals.ts'
import { createWatch } from '../../src/node/state.ts'
import { createTab, type TabChoices, type TabSnapshot } from '../../src/node/tab.ts'

const CHOICES: TabChoices = {
  ...{ name: 'tab', backend: 'auto', gpu: true, threads: 2, duty: 0.5, pauseOnBattery: true },
  ...{ pauseWhenHidden: false, pauseUnderPressure: true, allModels: false },
  ...{ memoryBytes: 600e6, diskBytes: 100e6 },
  hours: { kept: false, fromMinute: 0, untilMinute: 0 },
}

/** A tab around a node that only notes what it is told, and time that a test moves on. */
export async function fixture(
  choices: Partial<TabChoices> = {},
  before: PageSignal[] = [],
  paused = false,
) {
  const calls: string[] = []
  const seen: TabSnapshot[] = []
  const watch = createWatch(1)
  let options: NodeOptions | undefined
  let nowMs = 0
  let timers: { atMs: number; action: () => void }[] = []
  const node: VolunteerNode = {
    start: () => Promise.resolve(),
    stop(reason = '') {
      calls.push(`stop ${reason}`)
      watch.emit({ type: 'left', reason }, { phase: 'left' })
      return Promise.resolve()
    },
    pause(reason) {
      calls.push(`pause ${reason}`)
      watch.emit({ type: 'paused', paused: true }, { paused: true })
    },
    resume() {
      calls.push('resume')
      watch.emit({ type: 'paused', paused: false }, { paused: false })
    },
    setDownloads: (downloads) => void calls.push(`downloads ${downloads}`),
    get state() {
      return watch.state
    },
    subscribe: watch.subscribe,
    left: new Promise(() => {}),
  }
  const tab = createTab({
    url: 'http://localhost',
    createHost: (_, signals) => ({
      onExit: (leave: (why: string) => void) =>
        signals.subscribe((signal) => signal.type === 'leave' && leave(signal.why)),
    } as Host),
    createNode(given) {
      options = given
      return node
    },
    clock: {
      nowMs: () => nowMs,
      after(ms, action) {
        const timer = { atMs: nowMs + ms, action }
        timers.push(timer)
        return () => timers = timers.filter((one) => one !== timer)
      },
    },
  })
  const page = {
    get: () => Promise.resolve(undefined),
    set: () => Promise.resolve(),
    changed: (snapshot: TabSnapshot) => void seen.push(snapshot),
    mayBeOld: () => void calls.push('may be old'),
  }
  for (const signal of before) tab.signal(signal)
  if (paused) tab.setPaused(true)
  await tab.start({ ...CHOICES, ...choices }, page, 'secret')
  function pass(ms: number) {
    const untilMs = nowMs + ms
    for (;;) {
      const next = timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      timers = timers.filter((one) => one !== next)
      nowMs = Math.max(nowMs, next.atMs)
      next.action()
    }
    nowMs = untilMs
  }
  return { tab, calls, seen, watch, pass, options: () => options! }
}
