/**
 * How long the scheduler takes to decide: 10 to 1,000 slots of six speeds, up to 10,000 items waiting,
 * near and beyond what the pool can carry, in virtual time. A decision is one batch sent: the time of a
 * call of `handle` by the batches that it sent.
 * @module
 */
import { checkPipeline } from '../../pipeline/parse.ts'
import { createScheduler } from '../../policy/scheduler.ts'
import { createRandom, exponential } from '../../sim/random.ts'
import { createSimulation } from '../../sim/simulation.ts'
import { quantile } from '../../cli/statistics.ts'
import { round, sumOf } from '../tools.ts'

const BACKLOG = 10_000
const SLOTS = [10, 100, 1000]
/** Share of what the pool carries the quickest way, and items that wait from the start. */
const LOADS = [
  { load: 0.9, backlog: 0 },
  { load: 0.9, backlog: BACKLOG },
  { load: 2, backlog: BACKLOG },
]
/** In which nodes have joined and hold all they can. */
const FIRST_MS = 1000
/** Events before it is measured, and measured. */
const WARM_UP = 2000
const EVENTS = 5000
/** The same run again: of each call the least counts, so that a busy machine shows less. */
const RUNS = 3
const STEP_MS = 20

const FAN_OUT = 7
const DETECT_MS = { d960: 310, d640: 144, d480: 85, d320: 49 }
const READ_MS = { r48: 67, r32: 46, r32s: 36, r24: 28, r16: 21 }
/** By class of nodes, which have one slot each. */
const SLOWNESS = [1, 1.6, 0.5, 3, 0.3, 2]
const SHARES = [0.3, 0.25, 0.15, 0.15, 0.1, 0.05]
const SLO_MS = 5000
/** A batch of n takes so much for each item beyond the first. */
const EACH_FURTHER = 0.85
const batchMs = (oneMs: number, items: number) => oneMs * (1 + EACH_FURTHER * (items - 1))
/** Time of the reference machine for one query the quickest way, in batches of four. */
const LEAST_MS = (batchMs(DETECT_MS.d320, 4) + FAN_OUT * batchMs(READ_MS.r16, 4)) / 4

const variantsOf = (ms: Record<string, number>, best: number, fanOut?: Record<string, number>) =>
  Object.fromEntries(
    Object.entries(ms).map(([name, referenceMs], i) => [name, {
      ...{ accuracy: best - 0.02 * i * (i + 1), referenceMs },
      ...(fanOut === undefined ? {} : { fanOut }),
    }]),
  )
const pipeline = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'bench', sloMs: SLO_MS, root: 'detect' },
  tasks: {
    detect: { next: ['read'], variants: variantsOf(DETECT_MS, 0.98, { read: FAN_OUT }) },
    read: { variants: variantsOf(READ_MS, 0.99) },
  },
}, 'bench')
const able = Object.entries(pipeline.tasks).flatMap(([task, { variants }]) =>
  Object.keys(variants).map((variant) => ({ pipeline: 'bench', task, variant }))
)
const oneMs: Record<string, number> = { ...DETECT_MS, ...READ_MS }

interface Load {
  slots: number
  load: number
  backlog: number
}

interface Call {
  event: string
  batches: number
  ms: number
}

/** A pool under that load; `seen` is told of each call of the scheduler's `handle`. */
function createScene({ slots, load, backlog }: Load, seen: (call: Call) => void) {
  const random = createRandom(7)
  const many = 1_000_000
  const limits = { maxQueries: many, maxItemsPerTask: many }
  const scheduler = createScheduler({ pipelines: [pipeline], limits })
  const handle: typeof scheduler.handle = (event, nowMs) => {
    const startMs = performance.now()
    const commands = scheduler.handle(event, nowMs)
    const ms = performance.now() - startMs
    const batches = commands.filter((one) => one.type === 'dispatch').length
    seen({ event: event.type, batches, ms })
    return commands
  }
  const simulation = createSimulation({
    ...{ scheduler: { ...scheduler, handle }, pipelines: [pipeline], seed: 7 },
    ...{ keepCommands: false, childCount: () => FAN_OUT },
  })
  const { time } = simulation
  let capacityPerMs = 0
  for (const [c, slowness] of SLOWNESS.entries()) {
    const takesMs = (variant: string, batch: number) => batchMs(oneMs[variant]!, batch) * slowness
    for (let i = 0; i < Math.round(SHARES[c]! * slots); i++) {
      const id = `c${c}-${i}`
      simulation.join({
        ...{ id, able, networkMs: 4, latencyCv: 0.1 },
        latencyMs: ({ variant }, batch) => takesMs(variant, batch),
      })
      const profile = able.map((ref) => ({
        ...ref,
        points: [1, 2, 4, 8].map((batch) => ({ batch, latencyMs: takesMs(ref.variant, batch) })),
      }))
      simulation.post({ type: 'node_reported', node: id, roundTripMs: 4, profile })
      capacityPerMs += 1 / slowness / LEAST_MS
    }
  }
  let serial = 0
  const ask = (budgetMs: number) => simulation.ask(`q${serial++}`, 'bench', budgetMs)
  // Overloaded, a queue grows as long as deadlines let it: those decide how many wait.
  const budgetMs = load > 1 && backlog > 0 ? 1.5 * backlog / capacityPerMs : SLO_MS
  const next = () => {
    ask(budgetMs)
    time.at(time.nowMs + exponential(random, 1 / (load * capacityPerMs)), next)
  }
  time.at(1, () => {
    // Below capacity what waits must have time, or it would be refused: deadlines far apart.
    for (let i = 0; i < backlog; i++) ask(SLO_MS + (10 + 5 * i / backlog) * backlog / capacityPerMs)
    next()
  })
  return {
    run: (forMs: number) => simulation.run(time.nowMs + forMs),
    waiting: () => sumOf(Object.values(scheduler.stats().pipelines['bench']!.queued)),
  }
}

function runOnce(given: Load) {
  const calls: Call[] = []
  let left = Infinity
  const scene = createScene(given, (call) => {
    left--
    if (left < EVENTS && left >= 0) calls.push(call)
  })
  const depths: number[] = []
  scene.run(FIRST_MS)
  left = WARM_UP + EVENTS
  while (left > 0) {
    scene.run(STEP_MS)
    if (left < EVENTS) depths.push(scene.waiting())
  }
  return { calls, queued: quantile(depths, 0.5) }
}

/** In microseconds, p50 / p99. */
const spread = (ms: readonly number[]) =>
  [0.5, 0.99].map((share) => round(1000 * quantile(ms, share), 1)).join(' / ')

function measure(given: Load, runs = RUNS) {
  const all = Array.from({ length: runs }, () => runOnce(given))
  const { calls, queued } = all[0]!
  // Same events, same commands: call for call the runs are alike.
  const least = calls.map((call, i) => ({
    ...call,
    ms: Math.min(...all.map(({ calls }) => calls[i]!.ms)),
  }))
  const of = (event: string) => least.filter((call) => call.event === event).map(({ ms }) => ms)
  const decisionMs = least.flatMap(({ batches, ms }) => Array<number>(batches).fill(ms / batches))
  return {
    slots: given.slots,
    load: `${given.load * 100} %${given.backlog > 0 ? ', backlog' : ''}`,
    ...{ queued, decision: spread(decisionMs), arrival: spread(of('query_arrived')) },
    finished: spread(of('batch_finished')),
  }
}

export function bench() {
  measure({ slots: 100, load: 2, backlog: BACKLOG }, 1)
  console.log(`microseconds: p50 / p99, the least of ${RUNS} runs, call for call`)
  return SLOTS.flatMap((slots) => LOADS.map((load) => measure({ slots, ...load })))
}
