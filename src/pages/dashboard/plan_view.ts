/**
 * The plan in words: how things stand, counts, and how the plan changed and why.
 *
 * @module
 */
import type { PlanChange, PlanInfo } from '../../client/types.ts'
import { ago, percent } from '../format.ts'
import { make } from '../make.ts'
import { element, setText } from '../node/dom.ts'
import type { Summary } from './series.ts'

const SHOWN = 5
/** A share of violations, and an accuracy lost, that are told in the heading. */
const MANY = 0.02
const LOST = 0.02

const MODES = {
  hardware: 'Full accuracy',
  accuracy: 'Accuracy for speed',
  saturated: 'Saturated',
} as const

export interface Standing {
  connected: boolean
  plan: PlanInfo | undefined
  nodes: number
  /** Of the last ten seconds. */
  now: Summary | undefined
  bestAccuracy: number
}

/** The heading, readable from across a room, and a line that says more. */
export function showStanding(standing: Standing): void {
  const [mode, title, more] = standingOf(standing)
  const heading = element('standing')
  heading.dataset['mode'] = mode
  setText(heading, title)
  setText(element('standing-more'), more)
}

/** What was measured goes before what was planned. */
function standingOf(
  { connected, plan, nodes, now, bestAccuracy }: Standing,
): [mode: string, title: string, more: string] {
  if (!connected || plan === undefined) {
    return ['unknown', 'Looking for the coordinator', 'The figures below may be old.']
  }
  if (nodes === 0) {
    return ['unknown', 'No device has joined yet', 'Queries are refused until a device joins.']
  }
  if (plan.awake + plan.standby === 0 && plan.resting > 0) {
    return ['unknown', 'Every node is paused', 'Queries are refused until one continues.']
  }
  if (plan.instances.length === 0) {
    return ['unknown', 'Getting ready', 'Models are being fetched and warmed up.']
  }
  const { violationRatio = null, accuracy = null } = now ?? {}
  if (violationRatio !== null && violationRatio > MANY) {
    return [
      'saturated',
      `${percent(violationRatio)} % late or refused`,
      `Planned: ${lower(plan.reason)}`,
    ]
  }
  if (plan.mode === 'saturated') {
    return ['saturated', 'More is asked than can be served', plan.reason]
  }
  if (now !== undefined && now.demandPerS === 0) {
    return ['hardware', 'Idle', 'Nobody asks at the moment. The next query is answered at once.']
  }
  if (plan.mode === 'accuracy' || (accuracy !== null && accuracy < bestAccuracy - LOST)) {
    return ['accuracy', 'Trading accuracy for speed', plan.reason]
  }
  return ['hardware', 'Serving at full accuracy', plan.reason]
}

const lower = (text: string) => text.slice(0, 1).toLowerCase() + text.slice(1)

export function showCounts({ awake, standby, resting, gap }: PlanInfo): void {
  setText(element('awake'), awake.toLocaleString('en'))
  setText(element('standby'), standby.toLocaleString('en'))
  setText(element('resting'), resting.toLocaleString('en'))
  setText(element('gap'), `${percent(gap)} %`)
}

type Change = Omit<PlanChange, 'agoMs'> & { atMs: number }

export interface PlanLog {
  /** What was before this page. */
  fill(changes: readonly PlanChange[]): void
  note(plan: PlanInfo): void
  /** Again, as time passes. */
  show(): void
}

export function createPlanLog(now: () => number): PlanLog {
  let changes: Change[] = []

  function show(): void {
    const newest = changes.slice(-SHOWN).map((change, i, all) => rowOf(change, all[i - 1], now()))
    element('plans').replaceChildren(...newest.reverse())
  }

  return {
    fill(before) {
      const atMs = now()
      changes = before.map(({ agoMs, ...change }) => ({ ...change, atMs: atMs - agoMs }))
      show()
    },
    note({ epoch, mode, reason, gap, awake, standby, resting }) {
      const last = changes.at(-1)
      const same = last?.mode === mode && last.reason === reason
      const counts = last?.awake === awake && last.standby === standby && last.resting === resting
      if (same && counts) return
      const change = { epoch, mode, reason, gap, awake, standby, resting, atMs: now() }
      // As the coordinator keeps them: small steps of one reason are one change.
      if (same && now() - last.atMs < 10_000) changes.splice(-1, 1, { ...change, atMs: last.atMs })
      else changes.push(change)
      changes.splice(0, changes.length - 60)
      show()
    },
    show,
  }
}

function rowOf(change: Change, before: Change | undefined, nowMs: number): HTMLLIElement {
  const { mode, reason, gap, awake, standby, resting, atMs } = change
  const what = before === undefined || before.mode !== mode
    ? MODES[mode]
    : before.awake !== awake
    ? `${before.awake} to ${awake} awake`
    : before.resting !== resting
    ? `${before.resting} to ${resting} paused`
    : before.standby !== standby
    ? `${before.standby} to ${standby} at rest`
    : MODES[mode]
  return make(
    'li',
    { class: mode },
    make('strong', {}, what),
    ' ',
    make('time', {}, ago(nowMs - atMs)),
    make('p', {}, reason),
    make(
      'small',
      {},
      `${awake} awake, ${standby} at rest, ${resting} paused; gap ${percent(gap)}\u00a0%`,
    ),
  )
}
