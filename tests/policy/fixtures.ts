/**
 * Pipelines and nodes that the tests of the scheduler share.
 *
 * @module
 */
import { checkPipeline } from '../../src/pipeline/parse.ts'
import type { Pipeline } from '../../src/pipeline/schema.ts'
import { createScheduler, type LearningScheduler } from '../../src/policy/scheduler.ts'
import type { Limits } from '../../src/policy/core/options.ts'
import type { PolicyEvent, Scheduler, VariantRef } from '../../src/policy/core/types.ts'
import type { NodeSpec } from '../../src/sim/node.ts'
import { createSimulation, type SimulationOptions } from '../../src/sim/simulation.ts'

/** Two tasks; accuracies multiply, the best is 0.9 * 0.9. */
export const ocr: Pipeline = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'ocr',
  sloMs: 5000,
  root: 'detect',
  tasks: {
    detect: {
      next: ['read'],
      variants: {
        small: { accuracy: 0.7, referenceMs: 40, fanOut: { read: 4 } },
        large: { accuracy: 0.9, referenceMs: 160, fanOut: { read: 4 } },
      },
    },
    read: {
      variants: {
        tiny: { accuracy: 0.6, referenceMs: 5 },
        mid: { accuracy: 0.8, referenceMs: 15 },
        big: { accuracy: 0.9, referenceMs: 40 },
      },
    },
  },
}, 'ocr.json')

/** Three levels and two branches: scene to people and cars, cars to plates. */
export const street: Pipeline = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'street',
  sloMs: 2000,
  root: 'scene',
  tasks: {
    scene: {
      next: ['car', 'face'],
      variants: {
        fast: { accuracy: 0.8, referenceMs: 20, fanOut: { car: 2, face: 1 } },
        fine: { accuracy: 1, referenceMs: 60, fanOut: { car: 3, face: 1 } },
      },
    },
    car: {
      next: ['plate'],
      variants: {
        fast: { accuracy: 0.8, referenceMs: 10 },
        fine: { accuracy: 1, referenceMs: 30 },
      },
    },
    plate: {
      variants: { fast: { accuracy: 0.5, referenceMs: 4 }, fine: { accuracy: 1, referenceMs: 20 } },
    },
    face: {
      variants: { fast: { accuracy: 0.9, referenceMs: 5 }, fine: { accuracy: 1, referenceMs: 25 } },
    },
  },
}, 'street.json')

/** One task with a quick variant and an exact one. */
export const single = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'single',
  sloMs: 1000,
  root: 'find',
  tasks: {
    find: {
      variants: {
        quick: { accuracy: 0.5, referenceMs: 20 },
        exact: { accuracy: 1, referenceMs: 100 },
      },
    },
  },
}, 'single.json')

export function refsOf(pipeline: Pipeline): VariantRef[] {
  return Object.entries(pipeline.tasks).flatMap(([task, { variants }]) =>
    Object.keys(variants).map((variant) => ({ pipeline: pipeline.name, task, variant }))
  )
}

/** A node that takes `slowness` times the reference latency of the given pipelines. */
export function nodeOf(
  id: string,
  pipelines: readonly Pipeline[],
  given: Partial<NodeSpec> & { slowness?: number } = {},
): NodeSpec {
  const { slowness = 1, ...spec } = given
  return {
    id,
    able: pipelines.flatMap(refsOf),
    latencyMs: ({ pipeline, task, variant }, batch) => {
      const found = pipelines.find(({ name }) => name === pipeline)!.tasks[task]!.variants[variant]!
      return found.referenceMs! * slowness * batch
    },
    networkMs: 4,
    loadMs: 10,
    ...spec,
  }
}

/** A scheduler with a simulated pool; its invariants are checked after each event. */
export function createPool(
  pipelines: Pipeline[],
  given: Partial<SimulationOptions> & { limits?: Partial<Limits> } = {},
) {
  const { limits, ...rest } = given
  const scheduler = checked(
    createScheduler({ pipelines, ...limits === undefined ? {} : { limits } }),
  )
  return { scheduler, ...createSimulation({ scheduler, pipelines, ...rest }) }
}

function checked(scheduler: LearningScheduler): LearningScheduler {
  return {
    ...scheduler,
    handle(event, nowMs, more) {
      const commands = scheduler.handle(event, nowMs, more)
      scheduler.check()
      return commands
    },
  }
}

/** Drives a scheduler by hand: returns the commands of one type that an event causes. */
export function commandsOf<T extends string>(
  scheduler: Scheduler,
  event: PolicyEvent,
  nowMs: number,
  type: T,
) {
  return scheduler.handle(event, nowMs).filter((command) => command.type === type) as Extract<
    ReturnType<Scheduler['handle']>[number],
    { type: T }
  >[]
}
