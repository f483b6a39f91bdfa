/**
 * Stories of a pool: events at given times, and what the scheduler does. Time is virtual.
 *
 * ```ts
 * const story = play({ children: 2 }, [
 *   [0, joins('a')],
 *   [1000, asks('q', 5000)],
 *   [1050, leaves('a')],
 * ], 6000)
 * story.served('q').path
 * ```
 *
 * In every story, each query has one answer by its deadline, nothing is sent to a slot that cannot run it,
 * and nothing is left in a queue: that is checked at each step.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { Pipeline } from '../../src/pipeline/schema.ts'
import type { SchedulerOptions } from '../../src/policy/core/options.ts'
import type { Prefer } from '../../src/policy/core/elastic.ts'
import { createScheduler, type LearningScheduler } from '../../src/policy/scheduler.ts'
import type {
  Answer,
  PolicyCommand,
  PolicyEvent,
  VariantRef,
  VariantRuling,
} from '../../src/policy/core/types.ts'
import { createRandom, exponential } from '../../src/sim/random.ts'
import { createSimulation, type Simulation } from '../../src/sim/simulation.ts'
import { nodeOf, ocr } from './fixtures.ts'

export interface Setting extends Omit<SchedulerOptions, 'pipelines'> {
  /** By default only `ocr`. */
  pipelines?: Pipeline[]
  /** Items that each item hands to a task behind it; by default a random number around the usual one. */
  children?: number | ((query: string, child: string) => number)
  seed?: number
}

/** An event of a story. */
export type Step = (scene: Scene) => void

/** Events at a time, in this order. */
export type Happening = readonly [atMs: number, ...steps: Step[]]

type NodeGiven = NonNullable<Parameters<typeof nodeOf>[2]>

export type Served = Extract<Answer, { ok: true }> & { atMs: number; tookMs: number }
export type Failed = Extract<Answer, { ok: false }> & { atMs: number; tookMs: number }
export type Sent = Extract<PolicyCommand, { type: 'dispatch' }> & { atMs: number }

/** Counts of some queries by outcome. */
export interface Tally {
  asked: number
  served: number
  /** Refused on arrival. */
  refused: number
  /** Admitted, without a result in time. */
  lost: number
}

interface AskedQuery {
  atMs: number
  deadlineMs: number
  minAccuracy: number | undefined
}

export class Scene {
  readonly simulation: Simulation
  readonly scheduler: LearningScheduler
  readonly asked = new Map<string, AskedQuery>()
  readonly cancelled = new Set<string>()
  readonly pipelines: Pipeline[]

  constructor({ pipelines = [ocr], children, seed, ...options }: Setting) {
    this.pipelines = pipelines
    this.scheduler = createScheduler({ pipelines, ...options })
    this.simulation = createSimulation({
      ...{ scheduler: this.scheduler, pipelines },
      ...seed === undefined ? {} : { seed },
      ...children === undefined
        ? {}
        : { childCount: typeof children === 'number' ? () => children : children },
    })
  }

  get nowMs(): number {
    return this.simulation.time.nowMs
  }

  /** Goes on until a time, with events on the way. */
  go(untilMs: number, happenings: readonly Happening[] = []): this {
    for (const [atMs, ...steps] of happenings) {
      this.simulation.time.at(atMs, () => steps.forEach((step) => step(this)))
    }
    this.simulation.run(untilMs)
    this.check()
    return this
  }

  private check(): void {
    const { answers, violations } = this.simulation
    assert.deepEqual(violations, [])
    let open = 0
    for (const [query, { deadlineMs, minAccuracy }] of this.asked) {
      const given = answers.get(query) ?? []
      assert.ok(given.length <= 1, `${query} has ${given.length} answers`)
      if (given.length === 0 && !this.cancelled.has(query)) {
        open++
        assert.ok(deadlineMs >= this.nowMs, `${query} has no answer by its deadline`)
      }
      for (const { atMs, answer } of given) {
        assert.ok(!answer.ok || atMs <= deadlineMs, `${query} was answered late`)
        assert.ok(
          !answer.ok || answer.accuracy >= (minAccuracy ?? 0) - 1e-9,
          `${query} is too poor`,
        )
      }
    }
    let inside = 0
    for (const { inFlight, queued } of Object.values(this.scheduler.stats().pipelines)) {
      inside += inFlight
      if (open === 0) {
        assert.ok(Object.values(queued).every((count) => count === 0), 'items are left')
      }
    }
    assert.equal(inside, open)
  }

  private answered(query: string): { atMs: number; tookMs: number; answer: Answer } {
    const [given] = this.simulation.answers.get(query) ?? []
    assert.ok(given !== undefined, `${query} has no answer at ${this.nowMs} ms`)
    return { ...given, tookMs: given.atMs - this.asked.get(query)!.atMs }
  }

  isOpen(query: string): boolean {
    return this.asked.has(query) && !this.simulation.answers.has(query)
  }

  served(query: string): Served {
    const { answer, ...when } = this.answered(query)
    assert.ok(answer.ok, `${query}: ${answer.ok || answer.message}`)
    return { ...answer, ...when }
  }

  /** The failure of a query without a result. */
  failed(query: string): Failed {
    const { answer, ...when } = this.answered(query)
    assert.ok(!answer.ok, `${query} was served`)
    return { ...answer, ...when }
  }

  /** The refusal of a query on arrival. */
  refused(query: string): Failed {
    const failed = this.failed(query)
    assert.equal(failed.tookMs, 0, `${query} was let in`)
    return failed
  }

  /** Counts of all queries whose name begins with the prefix. */
  tally(prefix = ''): Tally {
    const tally = { asked: 0, served: 0, refused: 0, lost: 0 }
    for (const [query, { atMs }] of this.asked) {
      const [given] = this.simulation.answers.get(query) ?? []
      if (!query.startsWith(prefix) || given === undefined) continue
      tally.asked++
      tally[given.answer.ok ? 'served' : given.atMs === atMs ? 'refused' : 'lost']++
    }
    return tally
  }

  /** Mean over the queries served. */
  accuracy(prefix = ''): number {
    let [sum, count] = [0, 0]
    for (const [query, [given]] of this.simulation.answers) {
      if (!query.startsWith(prefix) || !given!.answer.ok) continue
      sum += given!.answer.accuracy
      count++
    }
    return sum / count
  }

  /** Batches, in the order in which they were sent. */
  sent(which: (batch: Sent) => boolean = () => true): Sent[] {
    return this.commands('dispatch').filter(which)
  }

  commands<T extends PolicyCommand['type']>(type: T) {
    return this.simulation.commands.flatMap(({ atMs, command }) =>
      command.type === type ? [{ ...command as Extract<PolicyCommand, { type: T }>, atMs }] : []
    )
  }
}

/** A pool from its first moment until a time. */
export function play(setting: Setting, happenings: readonly Happening[], untilMs: number): Scene {
  return new Scene(setting).go(untilMs, happenings)
}

/**
 * A node with the reference latencies of all pipelines, unless stated otherwise. When it joins it reports
 * its round trip.
 */
export const joins = (id: string, given: NodeGiven = {}): Step => ({ simulation, pipelines }) => {
  const spec = nodeOf(id, pipelines, given)
  simulation.join(spec)
  simulation.post({ type: 'node_reported', node: id, roundTripMs: spec.networkMs ?? 0 })
}

export const leaves = (id: string): Step => ({ simulation }) => simulation.leave(id)
export const pauses = (id: string): Step => ({ simulation }) => simulation.pause(id, true)
export const resumes = (id: string): Step => ({ simulation }) => simulation.pause(id, false)

/** A query with a timeout in ms. */
export const asks = (
  query: string,
  withinMs: number,
  given: { of?: string; minAccuracy?: number; prefer?: Prefer; share?: number } = {},
): Step =>
(scene) => {
  const { of = scene.pipelines[0]!.name, minAccuracy, prefer, share } = given
  const { nowMs } = scene
  scene.asked.set(query, { atMs: nowMs, deadlineMs: nowMs + withinMs, minAccuracy })
  scene.simulation.ask(query, of, withinMs, minAccuracy, prefer, share)
}

/** `count` queries, q0 and on, one each `gapMs`. */
export const asksMany = (
  prefix: string,
  count: number,
  everyMs: number,
  withinMs: number,
  given: Parameters<typeof asks>[2] = {},
): Step =>
(scene) => {
  const fromMs = scene.nowMs
  for (let i = 0; i < count; i++) {
    const step = asks(`${prefix}${i}`, withinMs, given)
    if (everyMs === 0) step(scene)
    else scene.simulation.time.at(fromMs + i * everyMs, () => step(scene))
  }
}

/** Poisson arrivals with a mean rate per second. */
export const asksAtRandom = (
  prefix: string,
  perS: number,
  forMs: number,
  withinMs: number,
  given: Parameters<typeof asks>[2] & { seed?: number } = {},
): Step =>
(scene) => {
  const { seed = 1, ...rest } = given
  const random = createRandom(seed)
  const fromMs = scene.nowMs
  let count = 0
  for (let atMs = exponential(random, 1000 / perS); atMs < forMs;) {
    const step = asks(`${prefix}${count++}`, withinMs, rest)
    scene.simulation.time.at(fromMs + atMs, () => step(scene))
    atMs += exponential(random, 1000 / perS)
  }
}

export const cancels = (query: string): Step => (scene) => {
  if (scene.isOpen(query)) scene.cancelled.add(query)
  scene.simulation.post({ type: 'query_cancelled', query })
}

/** All rulings in force from now on, as `forbidden ocr read big`. */
export const rules = (...said: string[]): Step =>
  tells({
    type: 'rulings_changed',
    rulings: said.map((one) => {
      const [ruling, pipeline, task, variant] = one.split(' ')
      return { ruling, pipeline, task, variant } as VariantRuling
    }),
  })

/** Any other event. */
export const tells = (event: PolicyEvent): Step => ({ simulation }) => simulation.post(event)

/** Variants of a pipeline whose task or variant is one of these. */
export const only = (pipeline: Pipeline, ...names: string[]): VariantRef[] =>
  nodeOf('', [pipeline]).able.filter(({ task, variant }) =>
    names.includes(task) || names.includes(variant)
  )
