/** A pool in virtual time of a pipeline whose true results are known. @module */
import { createScheduler } from '../../policy/scheduler.ts'
import type { NodeSpec } from '../../sim/node.ts'
import { createRandom, exponential, seedFor } from '../../sim/random.ts'
import { createSimulation } from '../../sim/simulation.ts'
import { comparing, pipeline, truthOf } from './trust_lies.ts'

export const able = Object.entries(pipeline.tasks).flatMap(([task, { variants }]) =>
  Object.keys(variants).map((variant) => ({ pipeline: pipeline.name, task, variant }))
)

export const referenceMs = (task: string, variant: string): number =>
  pipeline.tasks[task]!.variants[variant]!.referenceMs!

/** What a node says of itself that claims to be so many times as quick as it is, by its slowness. */
export const claimOf = (times: number, slowness = 1) =>
  able.map((ref) => ({
    ...ref,
    points: [1, 2, 4, 8].map((batch) => (
      { batch, latencyMs: referenceMs(ref.task, ref.variant) * slowness * batch / times }
    )),
  }))

export function createTrustPool({ seed, trust = true, hedge = false }: {
  seed: number
  trust?: boolean
  hedge?: boolean
}) {
  let questions = 0
  const question = () => `sample-${++questions}`
  const checks = { random: createRandom(seedFor(seed, 'checks')), ...comparing, question }
  const scheduler = createScheduler({
    ...{ pipelines: [pipeline], hedge },
    ...(trust ? { trust: checks } : {}),
  })
  const simulation = createSimulation({ scheduler, pipelines: [pipeline], seed, outcome: truthOf })
  const { time } = simulation
  /** When each query was asked; they are called `q0`, `q1` and so on. */
  const askedMs: number[] = []
  return {
    ...simulation,
    ...{ scheduler, askedMs },
    /** Queries at random until then, so many a second. */
    load(rate: number, untilMs: number): void {
      const arrivals = createRandom(seedFor(seed, 'arrivals'))
      const next = () => {
        const atMs = time.nowMs + exponential(arrivals, 1000 / rate)
        if (atMs >= untilMs) return
        time.at(atMs, () => {
          simulation.ask(`q${askedMs.length}`, pipeline.name, pipeline.sloMs)
          askedMs.push(atMs)
          next()
        })
      }
      next()
    },
    join: (id: string, given: Partial<NodeSpec> = {}): void =>
      simulation.join({
        ...{ id, able, networkMs: 4, loadMs: 20, latencyCv: 0.1, backend: 'wasm' },
        latencyMs: ({ task, variant }, batch) => referenceMs(task, variant) * batch,
        ...given,
      }),
    /** When each node went into quarantine, in that order. @throws Error for a scheduler's fault */
    quarantinedMs(): Map<string, number> {
      const [fault] = simulation.violations
      if (fault !== undefined) throw new Error(fault)
      const found = new Map<string, number>()
      for (const { atMs, command } of simulation.commands) {
        if (command.type !== 'judged' || command.standing !== 'quarantined') continue
        if (!found.has(command.node)) found.set(command.node, atMs)
      }
      return found
    },
  }
}

/** Items run besides those of queries, by these. */
export const extraOf = (
  { replicas = 0, canaries = 0, items = 0 }: Partial<
    Record<'replicas' | 'canaries' | 'items', number>
  >,
) => ({ more: replicas + canaries, items })
