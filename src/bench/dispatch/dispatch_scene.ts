/**
 * A pool in virtual time for `deno task bench dispatch`: nodes of six speeds that hold the whole of
 * an `ocr`-like pipeline and answer each batch after its expected latency, and queries at a share of
 * what they can carry. Small, so that what is timed is the scheduler.
 *
 * @module
 */
import { checkPipeline } from '../../pipeline/parse.ts'
import { createPolicy } from '../../peers/policies.ts'
import type { ItemOutcome, PolicyCommand, PolicyEvent } from '../../policy/core/types.ts'
import { createSimulatedDriver } from '../../sim/driver.ts'
import { createVirtualTime } from '../../sim/events.ts'
import { createRandom, exponential, lognormal } from '../../sim/random.ts'

export interface DispatchLoad {
  slots: number
  /** Share of what the pool carries the quickest way. */
  load: number
  /** Items that wait from the start; 0 lets the load alone decide. */
  backlog: number
  /** Whose decisions are timed; `shoal` if absent. */
  policy?: string
}

/** One call of `handle`. */
export interface Timed {
  event: PolicyEvent['type']
  ms: number
  commands: readonly PolicyCommand[]
}

const FAN_OUT = 7
const DETECT_MS = { d960: 310, d640: 144, d480: 85, d320: 49 }
const READ_MS = { r48: 67, r32: 46, r32s: 36, r24: 28, r16: 21 }
const SLOWNESS = [1, 1.6, 0.5, 3, 0.3, 2]
/** Each node has one slot. */
const SHARES = [0.3, 0.25, 0.15, 0.15, 0.1, 0.05]
const BATCHES = [1, 2, 4, 8]
const ROUND_TRIP_MS = 4
const LATENCY_CV = 0.1
/** A batch of n takes so much for each item beyond the first. */
const EACH_FURTHER = 0.85
const batchMs = (oneMs: number, items: number) => oneMs * (1 + EACH_FURTHER * (items - 1))
/** Time of the reference machine for one query the quickest way, in batches of four. */
const LEAST_MS = (batchMs(DETECT_MS.d320, 4) + FAN_OUT * batchMs(READ_MS.r16, 4)) / 4
const SLO_MS = 5000

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
const oneMs = (variant: string) =>
  ({ ...DETECT_MS, ...READ_MS } as Record<string, number>)[variant]!

/** Makes the scene; `seen` is told of each call of the scheduler's `handle`. */
export function createDispatchScene(
  { slots, load, backlog, policy = 'shoal' }: DispatchLoad,
  seen: (timed: Timed) => void,
) {
  const random = createRandom(7)
  const time = createVirtualTime()
  const many = 1_000_000
  const limits = { maxQueries: many, maxItemsPerTask: many }
  const plain = createPolicy(policy, { pipelines: [pipeline], limits }).scheduler
  const nodes = new Map<string, { slowness: number; freeAtMs: number }>()
  const driver = createSimulatedDriver(
    {
      ...plain,
      handle(event, nowMs) {
        const startMs = performance.now()
        const commands = plain.handle(event, nowMs)
        seen({ event: event.type, ms: performance.now() - startMs, commands })
        return commands
      },
    },
    time,
    (command) => {
      if (command.type === 'dispatch') run(command)
      if (command.type === 'load') {
        const { node, slot, pipeline, task, variant } = command
        driver({ type: 'instance_ready', node, slot, pipeline, task, variant })
      }
    },
  )

  function run(command: Extract<PolicyCommand, { type: 'dispatch' }>): void {
    const { batch, items, variant, task } = command
    const node = nodes.get(command.node)!
    const arrivesMs = time.nowMs + ROUND_TRIP_MS / 2
    const startsMs = Math.max(arrivesMs, node.freeAtMs)
    const expectedMs = batchMs(oneMs(variant), items.length) * node.slowness
    const computeMs = expectedMs * lognormal(random, LATENCY_CV)
    node.freeAtMs = startsMs + computeMs
    time.at(node.freeAtMs + ROUND_TRIP_MS / 2, () =>
      driver({
        ...{ type: 'batch_finished', batch, computeMs, nodeQueueMs: startsMs - arrivesMs },
        networkMs: ROUND_TRIP_MS,
        outcomes: items.map((): ItemOutcome => ({
          ...{ ok: true, result: 0 },
          children: task === 'detect' ? { read: Array.from({ length: FAN_OUT }, () => 0) } : {},
        })),
      }))
  }

  function join(id: string, slowness: number): void {
    nodes.set(id, { slowness, freeAtMs: 0 })
    driver({ type: 'node_joined', node: id, slots: 1, duty: 1, able })
    driver({
      ...{ type: 'node_reported', node: id, roundTripMs: ROUND_TRIP_MS },
      profile: able.map((ref) => ({
        ...ref,
        points: BATCHES.map((batch) => ({
          batch,
          latencyMs: batchMs(oneMs(ref.variant), batch) * slowness,
        })),
      })),
    })
  }

  let serial = 0
  const arrive = (budgetMs: number) =>
    driver({
      ...{ type: 'query_arrived', query: `q${serial++}`, pipeline: 'bench', payload: 0 },
      deadlineMs: time.nowMs + budgetMs,
    })

  let capacityPerMs = 0
  SHARES.forEach((share, c) => {
    const count = Math.round(share * slots)
    for (let i = 0; i < count; i++) {
      join(`c${c}-${i}`, SLOWNESS[c]!)
      capacityPerMs += 1 / SLOWNESS[c]! / LEAST_MS
    }
  })
  const ratePerMs = load * capacityPerMs
  // Overloaded, a queue grows as long as deadlines let it: those decide how many wait.
  const budgetMs = load > 1 && backlog > 0 ? 1.5 * backlog / capacityPerMs : SLO_MS
  const next = () => {
    arrive(budgetMs)
    time.at(time.nowMs + exponential(random, 1 / ratePerMs), next)
  }
  time.at(1, () => {
    // Below capacity what waits must have time, or it would be refused: deadlines far apart.
    for (let i = 0; i < backlog; i++) {
      arrive(SLO_MS + (10 + 5 * i / backlog) * backlog / capacityPerMs)
    }
    next()
  })

  return {
    ratePerS: ratePerMs * 1000,
    /** Lets the next while of virtual time pass. */
    run: (forMs: number) => time.run(time.nowMs + forMs),
    nowMs: () => time.nowMs,
    stats: () => plain.stats().pipelines['bench']!,
    plan: () => plain.plan(),
  }
}
