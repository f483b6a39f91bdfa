/**
 * A node in a browser tab, as its page sees it: choices go in, snapshots come out a few times a
 * second, whatever the node does meanwhile.
 *
 * @module
 */
import { type Clock, systemClock } from './clock.ts'
import type { Host, NodeStorage } from './host.ts'
import type { NodeOptions, VolunteerNode } from './node.ts'
import { createRate } from './rate.ts'
import { createSignals, type PageSignal, type PageSignals } from './signals.ts'
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
}

export interface TabSnapshot {
  state: NodeState
  /** Models on their way. */
  downloads: { label: string; done: number; total: number }[]
  itemsPerS: number
  /** Why no work is taken, if so. */
  pausedBy: 'you' | 'battery' | undefined
  hidden: boolean
  /** Once it has left. */
  leftFor: string | undefined
  /** What happened last, oldest first. */
  notes: string[]
}

/** What the worker asks of its page. */
export interface TabPage {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
  changed(snapshot: TabSnapshot): void
  /** It joined anew, or was refused for its version: the coordinator may have another build. */
  mayBeOld(): void
}

export interface TabApi {
  /** Joins. Once for each worker. */
  start(choices: TabChoices, page: TabPage, token?: string): Promise<void>
  /** Resolves when the node has left. */
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
  let hidden = false
  let joins = 0
  let leftFor: string | undefined
  let wantsPause = false
  let onBattery = false
  let telling: (() => void) | undefined
  let toldMs = -Infinity

  const pausedBy = () =>
    wantsPause ? 'you' : onBattery && choices?.pauseOnBattery === true ? 'battery' : undefined

  function note(line: string): void {
    if (notes.at(-1) === line) return
    notes.push(line)
    if (notes.length > NOTES) notes.shift()
  }

  function tell(inMs = Math.max(0, toldMs + TELL_EVERY_MS - clock.nowMs())): void {
    if (telling !== undefined || page === undefined || node === undefined) return
    telling = clock.after(inMs, () => {
      telling = undefined
      toldMs = clock.nowMs()
      const itemsPerS = rate.perS()
      page!.changed({
        state: node!.state,
        downloads: [...downloads.values()],
        itemsPerS,
        pausedBy: pausedBy(),
        hidden,
        leftFor,
        notes: [...notes],
      })
      if (itemsPerS > 0 && node!.state.phase !== 'left') fade()
    })
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
    if (event.type === 'left') leftFor = event.reason
    if (event.type === 'batch') rate.add(event.items)
    if (event.type === 'lost' || event.type === 'left') downloads.clear()
    const line = lineOf(event)
    if (line !== undefined) note(line)
    tell()
  }

  function honour(): void {
    if (node === undefined || node.state.paused === (pausedBy() !== undefined)) return
    if (pausedBy() === undefined) node.resume()
    else node.pause()
  }

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
        backend: chosen.backend,
        gpu: chosen.gpu,
        ...(chosen.threadsPerRun === undefined ? {} : { threadsPerRun: chosen.threadsPerRun }),
        ...(chosen.name === '' ? {} : { name: chosen.name }),
        ...(token === undefined ? {} : { token }),
      })
      node.subscribe(follow)
      host.onExit((why) => void node?.stop(why))
      honour()
      await node.start()
    },
    async stop() {
      await node?.stop(STOPPED)
    },
    setPaused(paused) {
      wantsPause = paused
      honour()
      tell()
    },
    signal(signal) {
      if (signal.type === 'hidden') hidden = signal.hidden
      if (signal.type === 'battery') onBattery = !signal.charging
      honour()
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
    case 'leaving':
      return `Leaving: ${event.reason}.`
    default:
      return undefined
  }
}
