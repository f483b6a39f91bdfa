/**
 * Brand-new nodes that take work and do none of it, beside one own node, in virtual time: which
 * queries are answered of those that the own node could answer alone, and how soon each of the others
 * is set aside. And what honest newcomers pay for it: how soon they do their full share.
 * @module
 */
import type { Faults } from '../../sim/node.ts'
import { claimOf, createTrustPool, extraOf, referenceMs } from '../trust/pool.ts'
import { pipeline } from '../trust/trust_lies.ts'

export { claimOf }

const SLO_MS = pipeline.sloMs
/** What a batch takes, for what it takes on a node of the reference's speed, and what comes of it. */
const FAULTS: {
  readonly [name: string]: { latencyMs(referenceMs: number): number; faults: Faults }
} = {
  'fail at once': { latencyMs: () => 1, faults: { failRatio: 1 } },
  // A batch is given as much of the deadline as a query has left.
  'fail late': { latencyMs: () => 0.9 * SLO_MS, faults: { failRatio: 1 } },
  'say nothing': { latencyMs: (ms) => ms, faults: { hangRatio: 1 } },
  'slow by ten': { latencyMs: (ms) => 10 * ms, faults: {} },
}

const SLOTS = 4
/** Queries per second. */
const RATE = 2
/** They come, go after a minute, and the own node serves on. */
const STAY_MS = 60_000
const AFTER_MS = 30_000

type Pool = ReturnType<typeof createTrustPool>

/** Batches of queries that were sent to nodes whose id begins so, as items and when. */
const sentTo = ({ commands }: Pool, prefix: string) =>
  commands.flatMap(({ atMs, command }) =>
    command.type === 'dispatch' && command.node.startsWith(prefix) &&
      command.items.some(({ query }) => query !== '')
      ? [{ atMs, items: command.items.length }]
      : []
  )

/** @param honestS time of good work before they begin */
export function runBlackHoles(
  { fault: name, nodes, honestS = 0 }: { fault: string; nodes: number; honestS?: number },
) {
  const pool = createTrustPool({ seed: 1, hedge: true })
  const fault = FAULTS[name]!
  pool.join('own', { own: true })
  pool.run(1000)
  const fromMs = pool.time.nowMs + honestS * 1000
  const ids = Array.from({ length: nodes }, (_, i) => `hole-${i}`)
  const faults: Faults = {}
  for (const id of ids) {
    pool.join(id, {
      ...{ slots: SLOTS, faults },
      latencyMs: ({ task, variant }, batch) => {
        const ms = referenceMs(task, variant) * batch
        return pool.time.nowMs < fromMs ? ms / 2 : fault.latencyMs(ms)
      },
    })
  }
  // They claim to be quick, so that work goes to them first.
  for (const node of ids) pool.post({ type: 'node_reported', node, profile: claimOf(2) })
  pool.time.at(fromMs, () => Object.assign(faults, fault.faults))
  const goneMs = fromMs + STAY_MS
  pool.load(RATE, goneMs + AFTER_MS)
  pool.run(goneMs)
  for (const id of ids) pool.leave(id)
  pool.run(goneMs + AFTER_MS + 2 * SLO_MS)
  const quarantinedMs = pool.quarantinedMs()
  return {
    asked: pool.askedMs.length,
    answered: [...pool.answers.values()].filter(([one]) => one!.answer.ok).length,
    /** Batches of queries that were given to them. */
    given: sentTo(pool, 'hole').filter(({ atMs }) => atMs >= fromMs).length,
    /** Seconds from their first fault until each was in quarantine, the soonest first. */
    quarantinedS: [...quarantinedMs.values()].map((ms) => (ms - fromMs) / 1000),
  }
}

const NEWCOMERS = 4
const BIN_MS = 5000

/** Four honest newcomers beside one own node, and more queries than all of them carry. */
export function runNewcomers(seed = 1, seconds = 30) {
  const run = (own: boolean) => {
    const pool = createTrustPool({ seed, hedge: true })
    pool.join('own', { own: true })
    pool.run(1000)
    pool.load(60, 1000 + seconds * 1000)
    for (let i = 0; i < NEWCOMERS; i++) pool.join(`new-${i}`, { own })
    pool.run(1000 + seconds * 1000)
    const items = Array<number>(seconds * 1000 / BIN_MS).fill(0)
    for (const { atMs, items: more } of sentTo(pool, 'new')) {
      const bin = Math.floor((atMs - 1000) / BIN_MS)
      if (bin < items.length) items[bin]! += more
    }
    return { pool, items }
  }
  const full = run(true).items
  const { pool, items } = run(false)
  const extra = extraOf(pool.scheduler.stats().extra ?? {})
  return {
    /** Seconds from joining until each had its first query. */
    firstQueryS: Array.from({ length: NEWCOMERS }, (_, i) => {
      const [first] = sentTo(pool, `new-${i}`)
      return first === undefined ? Infinity : (first.atMs - 1000) / 1000
    }),
    /** What they do of what they would as own nodes, in each five seconds. */
    shares: items.map((many, i) => many / full[i]!),
    extraShare: extra.more / Math.max(extra.items, 1),
  }
}

export function bench() {
  const rows: Record<string, Record<string, unknown>> = {}
  for (const fault of Object.keys(FAULTS)) {
    for (const nodes of [1, 4, 16]) {
      const { asked, answered, quarantinedS } = runBlackHoles({ fault, nodes })
      const [soonest, latest] = [quarantinedS[0], quarantinedS.at(-1)]
      rows[`${nodes} new that ${fault}`] = {
        'answered': `${answered} of ${asked}`,
        'in quarantine': `${quarantinedS.length} of ${nodes}`,
        'after, s': soonest === undefined ? '-' : `${soonest.toFixed(1)} to ${latest!.toFixed(1)}`,
      }
    }
  }
  console.table(rows)
  const { shares, extraShare } = runNewcomers()
  const newcomers = {
    ...Object.fromEntries(shares.map((share, i) => [
      `share, ${i * BIN_MS / 1000} to ${(i + 1) * BIN_MS / 1000} s`,
      share.toFixed(2),
    ])),
    'extra %': (100 * extraShare).toFixed(1),
  }
  console.table({ '4 honest newcomers beside an own node': newcomers })
  return { rows, newcomers }
}
