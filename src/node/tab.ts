/**
 * A node in a browser tab, as its page sees it: choices go in, snapshots come out a few times a
 * second, whatever the node does meanwhile.
 *
 * @module
 */
import { type Clock, systemClock } from './clock.ts'
import type { Host, NodeStorage } from './host.ts'
import type { Hours } from './limits/hours.ts'
import { createPauseRules, type PauseReason, type PauseRules } from './limits/pause_rules.ts'
import { createRate } from './limits/rate.ts'
import { createSignals, type PageSignal, type PageSignals } from './limits/signals.ts'
import type { NodeOptions, VolunteerNode } from './node.ts'
import type { NodeEvent, NodeState } from './state.ts'

/** What the volunteer decided. */
export interface TabChoices {
  name: string
  backend: 'auto' | 'wasm' | 'webgpu'
  gpu: boolean
  /** Most processors to keep busy. */
  threads: number
  /** Threads of one run on the processor; absent where that is to be measured. */
  threadsPerRun?: number
  /** Share of the time to work, 0.01 to 1. */
  duty: number
  pauseOnBattery: boolean
  pauseWhenHidden: boolean
  pauseUnderPressure: boolean
  /** Hours of the day, and whether to keep to them. */
  hours: Hours & { kept: boolean }
  /** Most to take, in bytes: of memory, and of disk for models. */
  memoryBytes: number
  diskBytes: number
  /** Whether every model may be downloaded on a link that may cost. */
  allModels: boolean
  /** Whether programs that pipelines bring may run, too. */
  code?: boolean
  /** Whether nothing is to be downloaded before it is needed. */
  cold?: boolean
  /** What the device takes at rest and busy, if the volunteer knows. */
  watts?: { idle: number; busy: number }
}

export interface TabSnapshot {
  state: NodeState
  /** Models on their way. */
  downloads: { label: string; done: number; total: number }[]
  itemsPerS: number
  /** The last batch that it ran. */
  last: { variant: string; items: number; computeMs: number } | undefined
  /** Time that it was there to take work. */
  servedMs: number
  /** Whether it ever had a link. */
  joined: boolean
  /** Why no work is taken, if so. */
  pausedBy: PauseReason | undefined
  hidden: boolean
  /** Once it has left. */
  leftFor: string | undefined
  /** Most processors to keep busy, as the volunteer decided. */
  processors: number
  /** What happened last, oldest first. */
  notes: string[]
}

/** What the worker asks of its page. */
export interface TabPage {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
  changed(snapshot: TabSnapshot): void | Promise<void>
  /** It joined anew, or was refused for its version: the coordinator may have another build. */
  mayBeOld(): void
}

export interface TabApi {
  /** Joins. Once for each worker. */
  start(choices: TabChoices, page: TabPage, token?: string): Promise<void>
  /** Resolves when the node has left, and the page was told how it left. */
  stop(): Promise<void>
  setPaused(paused: boolean): void
  signal(signal: PageSignal): void
}

export interface TabOptions {
  url: string
  createHost(storage: NodeStorage, signals: PageSignals): Host
  createNode(options: NodeOptions): VolunteerNode
  clock?: Clock
}

/** The reason given where the volunteer pressed Stop. */
export const STOPPED = 'stopped by the volunteer'

const NO_GPU_ENGINE = 'the engine for the GPU is not downloaded on a link that may cost'
const TELL_EVERY_MS = 250
/** A rate that is not zero is told anew this often, so that it falls when work ends. */
const FADE_MS = 1000
const NOTES = 6

export function createTab(options: TabOptions): TabApi {
  const clock = options.clock ?? systemClock
  const signals = createSignals()
  const rate = createRate(clock)
  const downloads = new Map<string, { label: string; done: number; total: number }>()
  const notes: string[] = []
  let node: VolunteerNode | undefined
  let page: TabPage | undefined
  let choices: TabChoices | undefined
  let rules: PauseRules | undefined
  let joins = 0
  let wantsPause = false
  /** The last of each kind. */
  const heard = new Map<PageSignal['type'], PageSignal>()
  let hidden = false
  let metered = false
  let leftFor: string | undefined
  let last: TabSnapshot['last']
  const served = { ms: 0, sinceMs: undefined as number | undefined }
  let telling: (() => void) | undefined
  let toldMs = -Infinity

  const serves = () => node?.state.phase === 'joined' && rules?.reason === undefined

  /** Counted from one word to the next. */
  function servedMs(): number {
    const nowMs = clock.nowMs()
    if (served.sinceMs !== undefined) served.ms += nowMs - served.sinceMs
    served.sinceMs = serves() ? nowMs : undefined
    return served.ms
  }

  function note(line: string): void {
    if (notes.at(-1) === line) return
    notes.push(line)
    if (notes.length > NOTES) notes.shift()
  }

  async function tellNow(): Promise<void> {
    telling?.()
    telling = undefined
    if (page === undefined || node === undefined) return
    toldMs = clock.nowMs()
    const itemsPerS = rate.perS()
    if (itemsPerS > 0 && node.state.phase !== 'left') fade()
    await page.changed({
      state: node.state,
      downloads: [...downloads.values()],
      itemsPerS,
      last,
      servedMs: servedMs(),
      joined: joins > 0,
      pausedBy: rules?.reason,
      hidden,
      leftFor,
      processors: choices?.threads ?? 1,
      notes: [...notes],
    })
  }

  function tell(inMs = Math.max(0, toldMs + TELL_EVERY_MS - clock.nowMs())): void {
    telling ??= clock.after(inMs, () => void tellNow())
  }

  /** A word later even if nothing happens; one that has more to say goes ahead of it. */
  let fading = false
  function fade(): void {
    if (fading) return
    fading = true
    clock.after(FADE_MS, () => {
      fading = false
      tell()
    })
  }

  function follow(event: NodeEvent): void {
    if (event.type === 'progress') {
      const { label, done, total } = event
      if (done < total) downloads.set(label, { label, done, total })
      else downloads.delete(label)
    }
    const again = event.type === 'joined' && joins++ > 0
    if (again || (event.type === 'refused' && event.refusal.reason === 'protocol')) page?.mayBeOld()
    if (event.type === 'left') {
      leftFor = event.reason
      rules?.stop()
    }
    if (event.type === 'batch') {
      rate.add(event.items)
      const { variant, items, computeMs } = event
      last = { variant, items, computeMs }
    }
    if (event.type === 'lost' || event.type === 'left') downloads.clear()
    const line = lineOf(event)
    if (line !== undefined) note(line)
    tell()
  }

  function honour(reason: PauseReason | undefined): void {
    if (reason === undefined) node?.resume()
    else node?.pause(reason)
  }

  const downloadsNow = () => metered && choices?.allModels !== true ? 'least' : 'all'

  return {
    async start(chosen, tabPage, token) {
      if (node !== undefined) throw new TypeError('Cannot join twice from one worker')
      choices = chosen
      page = tabPage
      const storage: NodeStorage = {
        get: (key) => tabPage.get(key),
        set: (key, value) => tabPage.set(key, value),
      }
      const host = options.createHost(storage, signals)
      node = options.createNode({
        host,
        url: options.url,
        threads: chosen.threads,
        duty: chosen.duty,
        // The engine for the GPU is large, and trying it needs it.
        ...(metered && chosen.backend === 'auto'
          ? { backend: 'wasm', backendReason: NO_GPU_ENGINE }
          : { backend: chosen.backend }),
        memoryBytes: chosen.memoryBytes,
        diskBytes: chosen.diskBytes,
        downloads: downloadsNow(),
        gpu: chosen.gpu,
        code: chosen.code === true,
        cold: chosen.cold === true,
        ...(chosen.watts === undefined ? {} : { watts: chosen.watts }),
        ...(chosen.threadsPerRun === undefined ? {} : { threadsPerRun: chosen.threadsPerRun }),
        ...(chosen.name === '' ? {} : { name: chosen.name }),
        ...(token === undefined ? {} : { token }),
      })
      node.subscribe(follow)
      host.onExit((why) => void node?.stop(why))
      // What was heard before the node was there counts from now on.
      rules = createPauseRules(clock, {
        onBattery: chosen.pauseOnBattery,
        whenHidden: chosen.pauseWhenHidden,
        underPressure: chosen.pauseUnderPressure,
        hours: chosen.hours.kept ? chosen.hours : undefined,
      }, honour)
      rules.setByVolunteer(wantsPause)
      for (const signal of heard.values()) rules.signal(signal)
      await node.start()
    },
    async stop() {
      await node?.stop(STOPPED)
      // The page ends this worker next: what were told later nobody would hear.
      await tellNow()
    },
    setPaused(paused) {
      wantsPause = paused
      rules?.setByVolunteer(paused)
    },
    signal(signal) {
      heard.set(signal.type, signal)
      if (signal.type === 'hidden') hidden = signal.hidden
      if (signal.type === 'link') {
        const before = downloadsNow()
        metered = signal.metered
        if (downloadsNow() !== before) node?.setDownloads(downloadsNow())
      }
      rules?.signal(signal)
      signals.send(signal)
      tell()
    },
  }
}

function lineOf(event: NodeEvent): string | undefined {
  switch (event.type) {
    case 'joined':
      return 'Joined the coordinator.'
    case 'lost':
      return `The link was lost: ${event.reason}. Trying again.`
    case 'load_failed':
      return `Cannot load ${event.variant}: ${event.message}`
    case 'restarted':
      return `A worker starts again: ${event.message}`
    case 'warning':
      return event.message
    case 'paused':
      return event.paused ? `Paused: ${event.reason}.` : 'Takes work again.'
    case 'leaving':
      return `Leaving: ${event.reason}.`
    default:
      return undefined
  }
}
