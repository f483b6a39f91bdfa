/**
 * Small pools that the tests of the peers share.
 *
 * @module
 */
import { checkPipeline } from '../../src/pipeline/parse.ts'
import type { Pipeline } from '../../src/pipeline/schema.ts'
import { createClasses, type DeviceClass } from '../../src/peers/classes.ts'
import { createModel, type Model, type Variant } from '../../src/peers/model.ts'
import type { Problem } from '../../src/peers/strategy.ts'
import type { Worker } from '../../src/peers/worker.ts'

/** Find things, name each of them: two items for one. */
export const pipeline: Pipeline = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'pair',
  sloMs: 400,
  root: 'find',
  tasks: {
    find: {
      next: ['name'],
      variants: {
        quick: { accuracy: 0.5, fanOut: { name: 2 } },
        exact: { accuracy: 1, fanOut: { name: 2 } },
      },
    },
    name: { variants: { quick: { accuracy: 0.8 }, exact: { accuracy: 1 } } },
  },
}, 'pair')

/** Milliseconds of one item; a batch takes as long for each. */
const ITEM_MS = { 'find/quick': 10, 'find/exact': 50, 'name/quick': 5, 'name/exact': 25 }

export interface Small {
  model: Model
  device: DeviceClass
  variant(task: string, variant: string): Variant
  worker(variant: Variant | null, given?: Partial<Worker>): Worker
  problem(ratePerS: number, count: number): Problem
}

export function small(
  of: Pipeline = pipeline,
  itemMs: { [name: string]: number } = ITEM_MS,
): Small {
  const model = createModel([of])
  const points = new Map(model.variants.map((variant) => {
    const ms = itemMs[`${variant.ref.task}/${variant.ref.variant}`]!
    return [variant, [1, 64].map((batch) => ({ batch, latencyMs: ms * batch }))] as const
  }))
  const device = createClasses(model).classOf(model.variants, points)
  let workers = 0
  return {
    model,
    device,
    variant: (task, variant) => model.find({ pipeline: of.name, task, variant })!,
    worker: (variant, given = {}) => ({
      node: `node-${workers++}`,
      slot: 0,
      class: device,
      able: new Map(model.variants.map((one) => [one, 1])),
      memoryBytes: 1,
      held: new Set(variant === null ? [] : [variant]),
      paused: false,
      roundTripMs: 0,
      variant,
      batch: 1,
      loading: null,
      queue: [],
      sent: [],
      freeAtMs: 0,
      wakeMs: Infinity,
      lastBatchMs: 0,
      batches: 0,
      items: 0,
      ...given,
    }),
    problem(ratePerS, count) {
      const rate = model.pipelines.map((one) => [one, ratePerS] as const)
      return {
        epoch: 1,
        model,
        classes: [{ class: device, count }],
        roundTripMs: 0,
        ratePerS: new Map(rate),
        taskRatePerS: new Map(
          model.tasks.map((task) => [task, task.parent === null ? ratePerS : 2 * ratePerS]),
        ),
        factor: ({ fanOut }, child) => fanOut[child]!,
      }
    },
  }
}
