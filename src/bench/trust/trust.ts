/**
 * Nodes that lie, in virtual time: how many queries until each is found out, how many wrong answers
 * reach a client, and what all the checking costs.
 * @module
 */
import { createScheduler } from '../../policy/scheduler.ts'
import type { PolicyCommand } from '../../policy/core/types.ts'
import { createRandom, exponential, seedFor } from '../../sim/random.ts'
import { createSimulation } from '../../sim/simulation.ts'
import { median } from '../../cli/statistics.ts'
import { comparing, LIES, LINES, pipeline, truthOf } from './trust_lies.ts'

export interface TrustScene {
  /** The lie of each lying node; the others tell the truth. */
  lies: readonly string[]
  honest: number
  /** Nodes of the coordinator's own. */
  own: number
  seconds: number
  /** Queries per second. */
  rate: number
  seed: number
  /** Seconds for which liars tell the truth, to be trusted first. */
  honestS?: number
  /** Every other node runs on another backend. */
  mixed?: boolean
  /** What they claim to be faster than they are, and how much of the time they own up to. */
  claims?: { faster: number; ownsUpTo: number }
  trust?: boolean
}

export interface TrustOutcome {
  /** Queries asked by the time the last liar was in quarantine, over the liars; null for never. */
  queriesUntilQuarantine: (number | null)[]
  answered: number
  /** Answers with something false in them: in all, and after the first minute. */
  wrong: number
  wrongLater: number
  answeredLater: number
  late: number
  /** Items run besides those of queries, by these; and in the last third of the run. */
  extraShare: number
  extraShareLater: number
  meanLatencyMs: number
  honestQuarantined: number
  /** Times that honest nodes were proven to be wrong. */
  honestLies: number
  /** What is thought of how much slower they are than they say, of the first who claims. */
  slowerThanSaid: number
}

const FIRST_MS = 60_000

export function runTrust(scene: TrustScene): TrustOutcome {
  const { lies, honest, own, seconds, rate, seed, honestS = 0, trust = true } = scene
  const random = createRandom(seedFor(seed, 'checks'))
  let questions = 0
  const scheduler = createScheduler({
    pipelines: [pipeline],
    ...trust
      ? {
        trust: { random, ...comparing, question: () => `sample-${++questions}` },
      }
      : {},
  })
  const judged: { atMs: number; command: Extract<PolicyCommand, { type: 'judged' }> }[] = []
  const inner = scheduler.handle
  const simulation = createSimulation({
    scheduler: {
      ...scheduler,
      handle(event, nowMs) {
        const commands = inner(event, nowMs)
        for (const command of commands) {
          if (command.type === 'judged') judged.push({ atMs: nowMs, command })
        }
        return commands
      },
    },
    pipelines: [pipeline],
    seed,
    outcome: truthOf,
    keepCommands: false,
  })
  const able = Object.entries(pipeline.tasks).flatMap(([task, { variants }]) =>
    Object.keys(variants).map((variant) => ({ pipeline: pipeline.name, task, variant }))
  )
  const referenceMs = (task: string, variant: string) =>
    pipeline.tasks[task]!.variants[variant]!.referenceMs!
  let joined = 0
  const join = (id: string, lie: string | undefined, isOwn: boolean) => {
    const speed = createRandom(seedFor(seed, `speed ${id}`))
    const slowness = 0.7 + 0.8 * speed()
    const tell = lie === undefined ? undefined : LIES[lie]?.(createRandom(seedFor(seed, id)))
    const claims = lie === undefined ? undefined : scene.claims
    simulation.join({
      ...{ id, able, networkMs: 4, loadMs: 20, latencyCv: 0.1, own: isOwn },
      latencyMs: ({ task, variant }, batch) => referenceMs(task, variant) * slowness * batch,
      backend: scene.mixed === true && joined++ % 2 === 1 ? 'webgpu' : 'wasm',
      ...claims === undefined ? {} : { ownsUpTo: claims.ownsUpTo },
      ...tell === undefined ? {} : {
        says: (truth, payload, ref, nowMs) =>
          nowMs < honestS * 1000 ? truth : tell(truth, payload, ref, nowMs),
      },
    })
    const report = () =>
      simulation.post({
        type: 'node_reported',
        node: id,
        profile: able.map((ref) => ({
          ...ref,
          points: [1, 2, 4, 8].map((batch) => ({
            batch,
            latencyMs: referenceMs(ref.task, ref.variant) * slowness * batch /
              (claims?.faster ?? 1),
          })),
        })),
      })
    report()
    if (claims === undefined) return
    const again = () => {
      report()
      simulation.time.at(simulation.time.nowMs + 5000, again)
    }
    simulation.time.at(simulation.time.nowMs + 5000, again)
  }
  for (let i = 0; i < own; i++) join(`own-${i}`, undefined, true)
  for (let i = 0; i < honest; i++) join(`honest-${i}`, undefined, false)
  lies.forEach((lie, i) => join(`liar-${i}`, lie, false))
  simulation.run(300)
  const arrivals = createRandom(seedFor(seed, 'arrivals'))
  const askedMs: number[] = []
  const next = () => {
    const atMs = simulation.time.nowMs + exponential(arrivals, 1000 / rate)
    if (atMs > seconds * 1000) return
    simulation.time.at(atMs, () => {
      simulation.ask(`q${askedMs.length}`, pipeline.name, pipeline.sloMs)
      askedMs.push(atMs)
      next()
    })
  }
  next()
  simulation.run(seconds * 1000 * 2 / 3)
  const before = { ...scheduler.stats().extra }
  simulation.run(seconds * 1000 + 10_000)

  const outcome: TrustOutcome = {
    ...{ queriesUntilQuarantine: [], answered: 0, wrong: 0, wrongLater: 0, answeredLater: 0 },
    ...{ late: 0, extraShare: 0, extraShareLater: 0, meanLatencyMs: 0, honestQuarantined: 0 },
    honestLies: Object.entries(scheduler.stats().nodes).reduce(
      (sum, [id, { trust }]) => sum + (id.startsWith('liar') ? 0 : trust?.lies ?? 0),
      0,
    ),
    slowerThanSaid: scheduler.stats().nodes['liar-0']?.trust?.slowerThanSaid ?? 1,
  }
  askedMs.forEach((atMs, i) => {
    const [first] = simulation.answers.get(`q${i}`) ?? []
    if (first === undefined || !first.answer.ok) {
      outcome.late++
      return
    }
    outcome.answered++
    outcome.meanLatencyMs += first.atMs - atMs
    if (atMs >= FIRST_MS) outcome.answeredLater++
    const leaves = first.answer.items.filter(({ task }) => task === 'read')
    const rootOf = first.answer.items[0]!
    const honestRoot = truthOf(rootOf.payload, { pipeline: 'pages', task: 'detect', variant: '' })
    const same = (ref: string, payload: unknown, result: unknown, children: unknown[]) => {
      const truth = truthOf(payload, { pipeline: 'pages', task: ref, variant: '' })
      const said = { ok: true, result, children: ref === 'detect' ? { read: children } : {} }
      return comparing.agree(
        { pipeline: 'pages', task: ref, variant: '' },
        { outcome: said as never, backend: 'a' },
        { outcome: truth, backend: 'a' },
      )
    }
    const right = honestRoot.ok && leaves.length === LINES &&
      same('detect', rootOf.payload, rootOf.result, leaves.map(({ payload }) => payload)) &&
      leaves.every(({ payload, result }) => same('read', payload, result, []))
    if (right) return
    outcome.wrong++
    if (atMs >= FIRST_MS) outcome.wrongLater++
  })
  outcome.meanLatencyMs /= Math.max(outcome.answered, 1)
  outcome.queriesUntilQuarantine = lies.map((_, i) => {
    const found = judged.find(({ command }) =>
      command.node === `liar-${i}` && command.standing === 'quarantined'
    )
    return found === undefined ? null : askedMs.filter((atMs) => atMs <= found.atMs).length
  })
  outcome.honestQuarantined = new Set(
    judged.flatMap(({ command }) =>
      command.standing === 'quarantined' && !command.node.startsWith('liar') ? [command.node] : []
    ),
  ).size
  const { extra } = scheduler.stats()
  if (extra !== undefined) {
    const sum = (work: Partial<typeof extra>) => (work.replicas ?? 0) + (work.canaries ?? 0)
    outcome.extraShare = sum(extra) / Math.max(extra.items, 1)
    outcome.extraShareLater = (sum(extra) - sum(before)) /
      Math.max(extra.items - (before.items ?? 0), 1)
  }
  if (simulation.violations.length > 0) throw new Error(simulation.violations[0])
  return outcome
}

export function benchTrust() {
  const rows: Record<string, Record<string, unknown>> = {}
  const run = (name: string, scene: Partial<TrustScene>) => {
    const lies = scene.lies ?? []
    const outcome = runTrust({ honest: 7, own: 0, seconds: 300, rate: 20, seed: 5, ...scene, lies })
    const known = outcome.queriesUntilQuarantine.filter((count) => count !== null)
    rows[name] = {
      'found out': lies.length === 0 ? '-' : `${known.length} of ${lies.length}`,
      'queries until then': known.length === 0
        ? '-'
        : `${median(known)} (most ${Math.max(...known)})`,
      answers: outcome.answered,
      late: outcome.late,
      wrong: outcome.wrong,
      'wrong after 60 s': `${outcome.wrongLater} of ${outcome.answeredLater}`,
      'extra %': (100 * outcome.extraShare).toFixed(1),
      'extra %, last third': (100 * outcome.extraShareLater).toFixed(1),
      'mean ms': Math.round(outcome.meanLatencyMs),
      'honest in quarantine': outcome.honestQuarantined,
      'honest proven wrong': outcome.honestLies,
      'slower than said': outcome.slowerThanSaid.toFixed(1),
    }
  }
  const three = (lie: string) => [lie, lie, lie]
  run('nobody lies, nobody checks', { honest: 10, trust: false })
  run('nobody lies', { honest: 10 })
  run('nobody lies, half on another backend', { honest: 10, mixed: true })
  for (const lie of Object.keys(LIES)) run(`${lie}: 3 of 10`, { lies: three(lie) })
  run('all of these: 8 of 27', { lies: Object.keys(LIES), honest: 19, rate: 60 })
  run('all of these, one node of 28 is own', {
    lies: Object.keys(LIES),
    honest: 19,
    own: 1,
    rate: 60,
  })
  run('garbage after 2 minutes of truth: 3 of 10', { lies: three('garbage'), honestS: 120 })
  run('subtly wrong, half on another backend', { lies: three('subtly wrong numbers'), mixed: true })
  run('one letter wrong, half on another backend', { lies: three('one letter wrong'), mixed: true })
  for (const trust of [false, true]) {
    run(`10 times as fast as it is: 3 of 10, ${trust ? '' : 'not '}checked`, {
      ...{ lies: three('none'), claims: { faster: 10, ownsUpTo: 0.1 }, trust, rate: 25 },
    })
  }
  console.table(rows)
  return rows
}

if (import.meta.main) benchTrust()
