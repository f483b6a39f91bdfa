/**
 * The live part of the page: a snapshot becomes text.
 *
 * @module
 */
import type { TabSnapshot } from '../../node/tab.ts'
import { element, setText } from './dom.ts'

const PHASES = {
  idle: 'Connecting',
  connecting: 'Connecting',
  joined: 'Serving',
  reconnecting: 'The link is lost, trying again',
  leaving: 'Leaving: finishing what was taken',
  left: 'Stopped',
} as const

const BACKENDS = {
  wasm: 'the processor (WebAssembly)',
  webgpu: 'the graphics unit (WebGPU)',
  native: 'the processor (native code)',
} as const

const PAUSES = {
  volunteer: 'No new work is taken until you continue.',
  hours: 'It continues at the hour that you chose.',
  battery: 'This device runs on battery. It continues a while after it is plugged in.',
  hidden: 'This tab is not in view. It continues when you come back.',
  pressure: 'Other programs need the processor. It continues when they are done.',
} as const

/** A line for the heading, and one that says more. */
export function describe(snapshot: TabSnapshot): { title: string; say: string } {
  const { state, pausedBy, hidden } = snapshot
  if (state.refusal !== undefined) {
    const remedy = state.refusal.remedy === undefined ? '' : ` What to do: ${state.refusal.remedy}.`
    return { title: 'Not let in', say: `${state.refusal.message}.${remedy}` }
  }
  if (state.phase === 'joined' && pausedBy !== undefined) {
    return { title: 'Paused', say: PAUSES[pausedBy] }
  }
  if (state.phase === 'joined' && state.ready.length === 0) {
    if (state.unfit !== undefined) {
      return { title: 'Nothing here fits this device', say: `${state.unfit}.` }
    }
    if (state.loadFailed !== undefined) {
      return { title: 'Nothing could be loaded', say: `${state.loadFailed}.` }
    }
    return { title: 'Getting ready', say: 'Models are being fetched and warmed up.' }
  }
  const say = hidden
    ? 'This tab is in the background: the browser may slow it down or stop it.'
    : state.phase === 'joined'
    ? 'This device takes work as it comes. You need do nothing else.'
    : ''
  if (state.phase === 'reconnecting' && !snapshot.joined) {
    return { title: 'The coordinator cannot be reached, trying again', say }
  }
  return { title: PHASES[state.phase], say }
}

export function show(snapshot: TabSnapshot): void {
  const { state } = snapshot
  const { title, say } = describe(snapshot)
  setText(element('live-title'), title)
  setText(element('say'), say)
  setText(element('items'), state.items.toLocaleString('en'))
  setText(element('batches'), state.batches.toLocaleString('en'))
  setText(element('doing'), doing(snapshot))
  setText(element('rate'), snapshot.itemsPerS.toFixed(1))
  setText(element('models'), String(new Set(state.ready.map((held) => held.split(' ')[1])).size))
  const why = state.reason.replace(`${state.backend}: `, '')
  setText(element('backend-now'), BACKENDS[state.backend] + (why === '' ? '' : `: ${why}`))
  setText(element('lent-now'), lentNow(snapshot))
  setText(element('pause'), snapshot.pausedBy === 'volunteer' ? 'Continue' : 'Pause')
  showDownloads(snapshot.downloads)
  const notes = element('notes')
  const lines = snapshot.notes.toReversed()
  if (notes.dataset['shown'] !== lines.join('\n')) {
    notes.dataset['shown'] = lines.join('\n')
    notes.replaceChildren(...lines.map((line) =>
      Object.assign(document.createElement('li'), {
        textContent: line,
      })
    ))
  }
}

/** Each slot keeps as many processors busy as a run has threads. */
export function useOf({ state, processors, pausedBy }: TabSnapshot) {
  const { slots, threads, duty } = state.inUse
  const isServing = state.phase === 'joined' && pausedBy === undefined
  return { processors: isServing ? Math.min(slots * threads, processors) : 0, duty }
}

export function lentNow(snapshot: TabSnapshot): string {
  const { processors, state, pausedBy } = snapshot
  const used = useOf(snapshot)
  const share = used.processors > 0 && used.duty < 1
    ? `, ${Math.round(100 * used.duty)} % of the time`
    : ''
  const lent = processors === 1 ? '1 processor' : `up to ${processors} processors`
  const rests = state.phase === 'joined' && pausedBy === undefined && used.processors === 0
  const why = rests ? ' (this device rests until it is needed)' : ''
  return `${lent}. In use now: ${used.processors}${share}${why}.`
}

function doing(snapshot: TabSnapshot): string {
  const { downloads, itemsPerS, last, pausedBy, state } = snapshot
  const [first] = downloads
  if (first !== undefined) return `fetching ${first.label}`
  if (pausedBy !== undefined || state.phase !== 'joined') return 'nothing'
  if (last === undefined) {
    if (state.ready.length > 0) return 'waiting for work'
    return state.unfit === undefined && state.loadFailed === undefined ? 'getting ready' : 'nothing'
  }
  const { variant, items, computeMs } = last
  const [task, way] = variant.split('/').slice(-2)
  const what = `${task} (${way}): ${items === 1 ? '1 part' : `${items} parts`}`
  return itemsPerS === 0
    ? `waiting for work; last ${what}`
    : `${what} in ${Math.round(computeMs).toLocaleString('en')} ms`
}

function showDownloads(downloads: TabSnapshot['downloads']): void {
  element('downloads').replaceChildren(...downloads.map(({ label, done, total }) => {
    const row = document.createElement('label')
    row.className = 'download'
    const bar = Object.assign(document.createElement('progress'), { max: total, value: done })
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
    row.append(`${label}: ${megabytes(done)} of ${megabytes(total)} MB`, bar)
    return row
  }))
}
