/**
 * Nodes that lie, in virtual time: how many queries until each is found out, how many wrong answers
 * reach a client, and what all the checking costs.
 * @module
 */
import { createRandom, seedFor } from '../../sim/random.ts'
import { median } from '../../cli/statistics.ts'
import { sumOf } from '../tools.ts'
import { claimOf, createTrustPool, extraOf, referenceMs } from './pool.ts'
import { comparing, LIES, LINES, truthOf } from './trust_lies.ts'

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

const FIRST_MS = 60_000
const REPORT_MS = 5000

export function runTrust(scene: TrustScene) {
  const { lies, honest, own, seconds, rate, seed, honestS = 0, trust = true } = scene
  const pool = createTrustPool({ seed, trust })
  const { time, scheduler } = pool
  let joined = 0
  const join = (id: string, lie?: string, isOwn = false) => {
    const slowness = 0.7 + 0.8 * createRandom(seedFor(seed, `speed ${id}`))()
    const tell = lie === undefined ? undefined : LIES[lie]?.(createRandom(seedFor(seed, id)))
    const claims = lie === undefined ? undefined : scene.claims
    pool.join(id, {
      own: isOwn,
      latencyMs: ({ task, variant }, batch) => referenceMs(task, variant) * slowness * batch,
      backend: scene.mixed === true && joined++ % 2 === 1 ? 'webgpu' : 'wasm',
      ...claims === undefined ? {} : { ownsUpTo: claims.ownsUpTo },
      ...tell === undefined ? {} : {
        says: (truth, payload, ref, nowMs) =>
          nowMs < honestS * 1000 ? truth : tell(truth, payload, ref, nowMs),
      },
    })
    const profile = claimOf(claims?.faster ?? 1, slowness)
    const report = () => {
      pool.post({ type: 'node_reported', node: id, profile })
      if (claims !== undefined) time.at(time.nowMs + REPORT_MS, report)
    }
    report()
  }
  for (let i = 0; i < own; i++) join(`own-${i}`, undefined, true)
  for (let i = 0; i < honest; i++) join(`honest-${i}`)
  lies.forEach((lie, i) => join(`liar-${i}`, lie))
  pool.run(300)
  pool.load(rate, seconds * 1000)
  pool.run(seconds * 1000 * 2 / 3)
  const before = extraOf(scheduler.stats().extra ?? {})
  pool.run(seconds * 1000 + 10_000)

  const quarantinedMs = pool.quarantinedMs()
  const extra = extraOf(scheduler.stats().extra ?? {})
  const { nodes } = scheduler.stats()
  const answers = pool.askedMs.flatMap((atMs, i) => {
    const [first] = pool.answers.get(`q${i}`) ?? []
    return first?.answer.ok
      ? [{
        latencyMs: first.atMs - atMs,
        later: atMs >= FIRST_MS,
        right: isRight(first.answer.items),
      }]
      : []
  })
  const wrong = answers.filter(({ right }) => !right)
  return {
    /** Queries asked by the time that each liar was in quarantine; null for never. */
    queriesUntilQuarantine: lies.map((_, i) => {
      const foundMs = quarantinedMs.get(`liar-${i}`)
      return foundMs === undefined ? null : pool.askedMs.filter((atMs) => atMs <= foundMs).length
    }),
    answered: answers.length,
    late: pool.askedMs.length - answers.length,
    /** Answers with something false in them: in all, and after the first minute. */
    ...{ wrong: wrong.length, wrongLater: wrong.filter(({ later }) => later).length },
    answeredLater: answers.filter(({ later }) => later).length,
    /** Items run besides those of queries, by these; and in the last third of the run. */
    extraShare: extra.more / Math.max(extra.items, 1),
    extraShareLater: (extra.more - before.more) / Math.max(extra.items - before.items, 1),
    meanLatencyMs: sumOf(answers.map(({ latencyMs }) => latencyMs)) / Math.max(answers.length, 1),
    honestQuarantined: [...quarantinedMs.keys()].filter((id) => !id.startsWith('liar')).length,
    /** Times that honest nodes were proven to be wrong. */
    honestLies: sumOf(
      Object.entries(nodes).map(([id, { trust }]) => id.startsWith('liar') ? 0 : trust?.lies ?? 0),
    ),
    /** What is thought of how much slower they are than they say, of the first who claims. */
    slowerThanSaid: nodes['liar-0']?.trust?.slowerThanSaid ?? 1,
  }
}

/** Whether an answer of these items is as true as rounding leaves it. */
function isRight(items: readonly { task: string; payload: unknown; result: unknown }[]): boolean {
  const same = (task: string, payload: unknown, result: unknown, children: unknown[]) => {
    const ref = { pipeline: 'pages', task, variant: '' }
    const said = { ok: true, result, children: task === 'detect' ? { read: children } : {} }
    return comparing.agree(
      ref,
      { outcome: said as never, backend: 'a' },
      { outcome: truthOf(payload, ref), backend: 'a' },
    )
  }
  const leaves = items.filter(({ task }) => task === 'read')
  const root = items[0]!
  return leaves.length === LINES &&
    same('detect', root.payload, root.result, leaves.map(({ payload }) => payload)) &&
    leaves.every(({ payload, result }) => same('read', payload, result, []))
}

export function bench() {
  const rows: Record<string, Record<string, unknown>> = {}
  const run = (name: string, scene: Partial<TrustScene>) => {
    const lies = scene.lies ?? []
    const outcome = runTrust({ honest: 7, own: 0, seconds: 300, rate: 20, seed: 5, ...scene, lies })
    const known = outcome.queriesUntilQuarantine.filter((many) => many !== null)
    const most = `${median(known)} (most ${Math.max(...known)})`
    rows[name] = {
      'found out': lies.length === 0 ? '-' : `${known.length} of ${lies.length}`,
      'queries until then': known.length === 0 ? '-' : most,
      ...{ answers: outcome.answered, late: outcome.late, wrong: outcome.wrong },
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
  const all = { lies: Object.keys(LIES), honest: 19, rate: 60 }
  run('nobody lies, nobody checks', { honest: 10, trust: false })
  run('nobody lies', { honest: 10 })
  run('nobody lies, half on another backend', { honest: 10, mixed: true })
  for (const lie of Object.keys(LIES)) run(`${lie}: 3 of 10`, { lies: three(lie) })
  run('all of these: 8 of 27', all)
  run('all of these, one node of 28 is own', { ...all, own: 1 })
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
