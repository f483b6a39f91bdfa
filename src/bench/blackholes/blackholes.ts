/**
 * Brand-new nodes that take work and do none of it, beside one own node, in virtual time: which
 * queries are answered of those that the own node could answer alone, and how soon each of the others
 * is set aside. And what honest newcomers pay for it: how soon they do their full share.
 * @module
 */
import { createScheduler } from '../../policy/scheduler.ts'
import { createRandom, exponential, seedFor } from '../../sim/random.ts'
import type { Faults } from '../../sim/node.ts'
import { createSimulation } from '../../sim/simulation.ts'
import { comparing, pipeline, truthOf } from '../trust/trust_lies.ts'

/** What nodes do with a batch, whatever they claim. */
interface Fault {
  /** What a batch takes, for what the same takes on a node of the reference's speed. */
  latencyMs(referenceMs: number): number
  faults: Faults
}

const SLO_MS = pipeline.sloMs
const FAULTS: { readonly [name: string]: Fault } = {
  'fail at once': { latencyMs: () => 1, faults: { failRatio: 1 } },
  // A batch is given as much of the deadline as a query has left.
  'fail late': { latencyMs: () => 0.9 * SLO_MS, faults: { failRatio: 1 } },
  'say nothing': { latencyMs: (ms) => ms, faults: { hangRatio: 1 } },
  'slow by ten': { latencyMs: (ms) => 10 * ms, faults: {} },
}

export interface BlackHolesScene {
  fault: string
  nodes: number
  /** Time of good work before they begin. */
  honestS?: number
  /** Queries per second. */
  rate?: number
  seed?: number
}

export interface BlackHolesOutcome {
  asked: number
  answered: number
  /** Batches of queries that were given to them. */
  given: number
  /** Seconds from their first fault until each was in quarantine, the soonest first. */
  quarantinedS: number[]
}

const SLOTS = 4
/** They come, go after a minute, and the own node serves on. */
const STAY_MS = 60_000
const AFTER_MS = 30_000

const able = Object.entries(pipeline.tasks).flatMap(([task, { variants }]) =>
  Object.keys(variants).map((variant) => ({ pipeline: pipeline.name, task, variant }))
)
const referenceMs = (task: string, variant: string, batch: number) =>
  pipeline.tasks[task]!.variants[variant]!.referenceMs! * batch

/** What a node says of itself that is so many times as quick as the reference. */
export const claimOf = (times: number) =>
  able.map((ref) => ({
    ...ref,
    points: [1, 2, 4, 8].map((batch) => (
      { batch, latencyMs: referenceMs(ref.task, ref.variant, batch) / times }
    )),
  }))

function createScene(seed: number, trust = true) {
  let questions = 0
  const question = () => `sample-${++questions}`
  const scheduler = createScheduler({
    pipelines: [pipeline],
    hedge: true,
    ...trust
      ? { trust: { random: createRandom(seedFor(seed, 'checks')), ...comparing, question } }
      : {},
  })
  const simulation = createSimulation({ scheduler, pipelines: [pipeline], seed, outcome: truthOf })
  const { time } = simulation
  let asked = 0

  /** Arrivals at random until then. */
  function load(rate: number, untilMs: number): void {
    const arrivals = createRandom(seedFor(seed, 'arrivals'))
    const next = () => {
      const atMs = time.nowMs + exponential(arrivals, 1000 / rate)
      if (atMs >= untilMs) return
      time.at(atMs, () => {
        simulation.ask(`q${asked++}`, pipeline.name, SLO_MS)
        next()
      })
    }
    next()
  }

  return {
    ...simulation,
    scheduler,
    load,
    asked: () => asked,
    answered: () => [...simulation.answers.values()].filter(([one]) => one!.answer.ok).length,
    join: (id: string, given: Partial<Parameters<typeof simulation.join>[0]> = {}) =>
      simulation.join({
        ...{ id, able, networkMs: 4, loadMs: 20, latencyCv: 0.1, backend: 'wasm' },
        latencyMs: ({ task, variant }, batch) => referenceMs(task, variant, batch),
        ...given,
      }),
    /** Batches of queries that were sent to nodes whose id begins so, as items and when. */
    sentTo: (prefix: string) =>
      simulation.commands.flatMap(({ atMs, command }) =>
        command.type === 'dispatch' && command.node.startsWith(prefix) &&
          command.items.some(({ query }) => query !== '')
          ? [{ atMs, items: command.items.length }]
          : []
      ),
  }
}

export function runBlackHoles(given: BlackHolesScene): BlackHolesOutcome {
  const { fault: name, nodes, honestS = 0, rate = 2, seed = 1 } = given
  const scene = createScene(seed)
  const fault = FAULTS[name]!
  scene.join('own', { own: true })
  scene.run(1000)
  const fromMs = scene.time.nowMs + honestS * 1000
  const ids = Array.from({ length: nodes }, (_, i) => `hole-${i}`)
  const faults: Faults = {}
  for (const id of ids) {
    scene.join(id, {
      slots: SLOTS,
      faults,
      latencyMs: ({ task, variant }, batch) => {
        const ms = referenceMs(task, variant, batch)
        return scene.time.nowMs < fromMs ? ms / 2 : fault.latencyMs(ms)
      },
    })
  }
  // They claim to be quick, so that work goes to them first.
  for (const node of ids) scene.post({ type: 'node_reported', node, profile: claimOf(2) })
  scene.time.at(fromMs, () => Object.assign(faults, fault.faults))
  const goneMs = fromMs + STAY_MS
  scene.load(rate, goneMs + AFTER_MS)
  scene.run(goneMs)
  for (const id of ids) scene.leave(id)
  scene.run(goneMs + AFTER_MS + 2 * SLO_MS)
  if (scene.violations.length > 0) throw new Error(scene.violations[0])
  const quarantinedMs = new Map<string, number>()
  for (const { atMs, command } of scene.commands) {
    if (command.type !== 'judged' || command.standing !== 'quarantined') continue
    if (!quarantinedMs.has(command.node)) quarantinedMs.set(command.node, atMs)
  }
  return {
    asked: scene.asked(),
    answered: scene.answered(),
    given: scene.sentTo('hole').filter(({ atMs }) => atMs >= fromMs).length,
    quarantinedS: [...quarantinedMs.values()].map((ms) => (ms - fromMs) / 1000),
  }
}

export interface NewcomersOutcome {
  /** Seconds from joining until each had its first query. */
  firstQueryS: number[]
  /** What they do of what they would as own nodes, in each five seconds. */
  shares: number[]
  /** Items that were run besides those of queries. */
  extraShare: number
}

const NEWCOMERS = 4
const BIN_MS = 5000

/** Four honest newcomers beside one own node, and more queries than all of them carry. */
export function runNewcomers(seed = 1, seconds = 30): NewcomersOutcome {
  const run = (own: boolean) => {
    const scene = createScene(seed)
    scene.join('own', { own: true })
    scene.run(1000)
    scene.load(60, 1000 + seconds * 1000)
    for (let i = 0; i < NEWCOMERS; i++) scene.join(`new-${i}`, { own })
    scene.run(1000 + seconds * 1000)
    const items = Array.from({ length: seconds * 1000 / BIN_MS }, () => 0)
    for (const { atMs, items: count } of scene.sentTo('new')) {
      const bin = Math.floor((atMs - 1000) / BIN_MS)
      if (bin < items.length) items[bin]! += count
    }
    return { scene, items }
  }
  const full = run(true).items
  const { scene, items } = run(false)
  const { extra } = scene.scheduler.stats()
  return {
    firstQueryS: Array.from({ length: NEWCOMERS }, (_, i) => {
      const [first] = scene.sentTo(`new-${i}`)
      return first === undefined ? Infinity : (first.atMs - 1000) / 1000
    }),
    shares: items.map((count, i) => count / full[i]!),
    extraShare: ((extra?.replicas ?? 0) + (extra?.canaries ?? 0)) / Math.max(extra?.items ?? 0, 1),
  }
}

export function benchBlackHoles() {
  const rows: Record<string, Record<string, unknown>> = {}
  const row = (name: string, scene: BlackHolesScene) => {
    const { asked, answered, given, quarantinedS } = runBlackHoles(scene)
    rows[name] = {
      'answered': `${answered} of ${asked}`,
      'batches of queries to them': given,
      'in quarantine': `${quarantinedS.length} of ${scene.nodes}`,
      'after, s': quarantinedS.length === 0
        ? '-'
        : `${quarantinedS[0]!.toFixed(1)} to ${quarantinedS.at(-1)!.toFixed(1)}`,
    }
  }
  for (const fault of Object.keys(FAULTS)) {
    for (const nodes of [1, 4, 16]) row(`${nodes} new that ${fault}`, { fault, nodes })
  }
  for (const fault of Object.keys(FAULTS)) {
    row(`4 that ${fault} after half a minute of work`, { fault, nodes: 4, honestS: 30 })
  }
  console.table(rows)
  const { firstQueryS, shares, extraShare } = runNewcomers()
  const newcomers = {
    'first query after, s': Math.max(...firstQueryS).toFixed(1),
    ...Object.fromEntries(shares.map((share, i) => [
      `share, ${i * BIN_MS / 1000} to ${(i + 1) * BIN_MS / 1000} s`,
      share.toFixed(2),
    ])),
    'extra %': (100 * extraShare).toFixed(1),
  }
  console.table({ '4 honest newcomers beside an own node': newcomers })
  return { rows, newcomers }
}

if (import.meta.main) benchBlackHoles()
