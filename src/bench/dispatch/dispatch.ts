/**
 * How long the scheduler takes to decide: 10 to 1,000 slots, up to 10,000 items waiting, near and
 * beyond what the pool can carry. A decision is one batch sent: the time of a call of `handle` by
 * the batches that it sent.
 *
 * @module
 */
import { createQueue } from '../../policy/state/queue.ts'
import { createRandom } from '../../sim/random.ts'
import { quantile } from '../../cli/statistics.ts'
import { createDispatchScene, type DispatchLoad } from './dispatch_scene.ts'

const QUEUED = 10_000
const SLOTS = [10, 100, 1000]
const LOADS: Omit<DispatchLoad, 'slots'>[] = [
  { load: 0.9, backlog: 0 },
  { load: 0.9, backlog: QUEUED },
  { load: 2, backlog: QUEUED },
]
/** Events before it is measured, and measured. */
const WARM_UP = 2000
/** In which nodes have joined and hold all they can. */
const FIRST_MS = 1000
const EVENTS = 5000
/** The same run again: of each call the least counts, so that a busy machine shows less. */
const RUNS = 3
const STEP_MS = 20

const micros = (ms: number) => Math.round(ms * 1e4) / 10

/** In microseconds. */
const spread = (ms: readonly number[]) => ({
  p50: micros(quantile(ms, 0.5)),
  p99: micros(quantile(ms, 0.99)),
  max: micros(quantile(ms, 1)),
})

interface Call {
  event: string
  batches: number
  ms: number
}

function runOnce(given: DispatchLoad) {
  const calls: Call[] = []
  let left = Infinity
  const scene = createDispatchScene(given, ({ event, ms, commands }) => {
    left--
    if (left >= EVENTS || left < 0) return
    let batches = 0
    for (const { type } of commands) if (type === 'dispatch') batches++
    calls.push({ event, batches, ms })
  })
  const depths: number[] = []
  scene.run(FIRST_MS)
  left = WARM_UP + EVENTS
  while (left > 0) {
    scene.run(STEP_MS)
    if (left < EVENTS) depths.push(Object.values(scene.stats().queued).reduce((a, b) => a + b, 0))
  }
  const { arrived, onTime, failed } = scene.stats()
  return { calls, queued: quantile(depths, 0.5), counts: { arrived, onTime, ...failed } }
}

function measure(given: DispatchLoad, runs = RUNS) {
  const all = Array.from({ length: runs }, () => runOnce(given))
  const { calls, queued, counts } = all[0]!
  // Same events, same commands: call for call the runs are alike.
  const least = calls.map((call, i) => ({
    ...call,
    ms: Math.min(...all.map(({ calls }) => calls[i]!.ms)),
  }))
  const decisions = (calls: Call[]) =>
    calls.flatMap(({ batches, ms }) => Array.from({ length: batches }, () => ms / batches))
  const of = (event: string) => least.filter((call) => call.event === event).map(({ ms }) => ms)
  const decisionMs = decisions(least)
  return {
    ...given,
    ...{ queued, counts, decisions: decisionMs.length },
    decision: spread(decisionMs),
    decisionAsRun: spread(all.flatMap(({ calls }) => decisions(calls))),
    arrival: spread(of('query_arrived')),
    finished: spread(of('batch_finished')),
    /** All the time of the scheduler for one batch. */
    meanPerDecision: micros(least.reduce((sum, { ms }) => sum + ms, 0) / decisionMs.length),
  }
}

/** What the machine does in that time: the bare queue in deadline order, and a sort of its entries. */
function yardstick() {
  const random = createRandom(7)
  const entries = Array.from({ length: QUEUED }, (_, seq) => (
    { deadlineMs: random() * 1e4, seq, ordinal: 0 }
  ))
  const queue = createQueue<typeof entries[number]>()
  entries.forEach((entry) => queue.insert(entry))
  const pairMs: number[] = []
  for (let i = 0; i < EVENTS; i++) {
    const entry = entries[Math.floor(random() * QUEUED)]!
    const startMs = performance.now()
    queue.remove(entry)
    queue.insert(entry)
    pairMs.push(performance.now() - startMs)
  }
  const sortMs = Array.from({ length: 20 }, () => {
    const copy = [...entries]
    const startMs = performance.now()
    copy.sort((a, b) => a.deadlineMs - b.deadlineMs || a.seq - b.seq)
    return performance.now() - startMs
  })
  return { removeAndInsert: spread(pairMs), sortAll: spread(sortMs) }
}

export function benchDispatch(policies: readonly string[] = ['shoal']) {
  for (const policy of policies) measure({ slots: 100, load: 2, backlog: QUEUED, policy }, 1)
  const rows = SLOTS.flatMap((slots) =>
    LOADS.flatMap((load) => policies.map((policy) => measure({ slots, ...load, policy })))
  )
  console.log(`microseconds: p50 / p99 / max, the least of ${RUNS} runs, call for call`)
  const text = ({ p50, p99, max }: ReturnType<typeof spread>) => `${p50} / ${p99} / ${max}`
  console.table(rows.map(({ policy, slots, load, backlog, queued, ...row }) => ({
    policy,
    slots,
    load: `${load * 100} %${backlog > 0 ? ', backlog' : ''}`,
    queued,
    decision: text(row.decision),
    'as run': text(row.decisionAsRun),
    arrival: text(row.arrival),
    finished: text(row.finished),
    'all / batches': row.meanPerDecision,
  })))
  const queue = yardstick()
  console.log(`bare queue of ${QUEUED}, an entry out and in again: ${text(queue.removeAndInsert)}`)
  console.log(`${QUEUED} entries sorted: ${text(queue.sortAll)}`)
  return Promise.resolve({ rows, queue })
}
