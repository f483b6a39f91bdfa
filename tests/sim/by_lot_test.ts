/**
 * Random pools and pipelines: whatever SLOs, latencies and demands meet on one pool, next to
 * nobody is lost and next to no accuracy while the best of all is less than is there.
 */
import assert from 'node:assert/strict'
import { boundOf } from '../../src/sim/bound.ts'
import { createRandom, type Random } from '../../src/sim/random.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { runShoal } from './fixtures.ts'
import { testOfAll } from '../exhaustive.ts'

const POOLS = 30
const QUERIES = 3000

interface Made {
  pipeline: { name: string; [field: string]: unknown }
  latencyMs: { [variant: string]: { [batch: string]: number } }
  /** Time of a slot for the best way. */
  bestMs: number
}

/** @param deep with a third task where there is a second */
function makePipeline(name: string, random: Random, deep: boolean): Made {
  const pick = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)]!
  const sloMs = pick(deep ? [200, 300, 400, 600] : [200, 300, 600, 1500, 4000, 10_000])
  const bestMs = sloMs * (0.05 + 0.3 * random())
  const fanOut = pick([0, 2, 4, 8])
  const latencyMs: Made['latencyMs'] = {}

  /** Each variant takes a part of what the one before takes, and is less accurate. */
  function makeVariants(task: string, itemMs: number, fields: object) {
    const count = pick([2, 3, 4])
    /** Share of an item that one more in a batch takes. */
    const further = 0.5 + 0.5 * random()
    return Object.fromEntries(Array.from({ length: count }, (_, v) => {
      const variant = `${name}-${task}-${v}`
      const ms = Math.max(itemMs * pick([0.3, 0.5]) ** v, 0.3)
      latencyMs[variant] = Object.fromEntries(
        [1, 2, 4, 8, 16].map((batch) => [batch, ms * (1 + further * (batch - 1))]),
      )
      const accuracy = 1 - 0.3 * (v / count) ** 1.5 * (0.5 + random())
      return [variant, { accuracy, ...fields }]
    }))
  }

  const firstMs = fanOut === 0 ? bestMs : bestMs * (0.3 + 0.4 * random())
  const thenMs = (bestMs - firstMs) / fanOut
  const thens = () =>
    deep
      ? {
        then: {
          next: ['last'],
          variants: makeVariants('then', thenMs / 2, { fanOut: { last: 1 } }),
        },
        last: { variants: makeVariants('last', thenMs / 2, {}) },
      }
      : { then: { variants: makeVariants('then', thenMs, {}) } }
  const tasks = fanOut === 0 ? { first: { variants: makeVariants('first', firstMs, {}) } } : {
    first: {
      next: ['then'],
      variants: makeVariants('first', firstMs, { fanOut: { then: fanOut } }),
    },
    ...thens(),
  }
  const pipeline = { schema: 'shoal-pipeline/1', name, sloMs, root: 'first', tasks }
  return { pipeline, latencyMs, bestMs }
}

/**
 * @param load share of the pool's time that the best variants of all would take
 * @param alone one pipeline, of up to three tasks, on nodes that may be far away
 */
function makePool(lot: number, load: number, alone: boolean) {
  const random = createRandom(lot)
  const pick = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)]!
  const nodes = pick([2, 3, 4, 6, 10, 16])
  const roundTripMs = pick(alone ? [1, 20, 40] : [1, 5, 20])
  const made = Array.from(
    { length: alone ? 1 : pick([2, 2, 3]) },
    (_, p) => makePipeline(`p${p}`, random, alone),
  )
  const weights = made.map(() => 0.2 + random())
  const sum = weights.reduce((a, b) => a + b, 0)
  const rates = made.map(({ bestMs }, p) => load * nodes * 1000 / bestMs * weights[p]! / sum)
  const seconds = Math.round(QUERIES / rates.reduce((a, b) => a + b, 0))
  const scenario = checkScenario({
    schema: 'shoal-scenario/1',
    workloads: made.map(({ pipeline }, p) => ({
      pipeline,
      trace: {
        binSeconds: 1,
        rates: Array<number>(Math.min(Math.max(seconds, 10), 60)).fill(rates[p]!),
      },
    })),
    classes: {
      node: {
        latencyMs: Object.assign({}, ...made.map((one) => one.latencyMs)),
        ...{ instancesPerNode: 'all', swapMs: 300, roundTripMs },
      },
    },
    pool: [{ class: 'node', count: nodes }],
    noise: { latencyCv: 0.1 },
    seed: lot,
  }, `lot ${lot}`)
  return { scenario, rates }
}

/** Means over the pools: share of queries lost, and accuracy below the bound. */
function meansAt(load: number, alone = false): { lost: number; below: number } {
  let lost = 0
  let below = 0
  for (let lot = 1; lot <= POOLS; lot++) {
    const { scenario, rates } = makePool(lot, load, alone)
    const { result, faults } = runShoal(scenario, { maxQueries: 4096, maxItemsPerTask: 100_000 })
    assert.equal(faults.size, 0)
    const gap = boundOf(scenario)(...rates).accuracy - result.effectiveAccuracy
    assert.ok(alone || result.violationRatio < 0.01, `${result.violationRatio} lost in lot ${lot}`)
    lost += result.violationRatio / POOLS
    below += gap / POOLS
  }
  return { lost, below }
}

testOfAll('random pipelines that share a pool lose next to nobody, and next to no accuracy', () => {
  const { lost, below } = meansAt(0.6)
  // 0.0037 and 0.0113 with rules that know nothing of unlike SLOs.
  assert.ok(lost < 0.0005, `${lost} lost`)
  assert.ok(below < 0.004, `${below} below the bounds`)
})

testOfAll('nor do they while most nodes rest', () => {
  const { lost, below } = meansAt(0.25)
  assert.ok(lost < 0.0005, `${lost} lost`)
  // 0.0084 where who rests is not called while all who are awake are at long batches.
  assert.ok(below < 0.005, `${below} below the bounds`)
})

testOfAll('nor does one alone, however far its nodes are', () => {
  const atRest = meansAt(0.25, true)
  // 0.0013 and 0.0049 where what travels was taken for a queue, and for what runs already.
  assert.ok(atRest.lost < 0.0003, `${atRest.lost} lost`)
  assert.ok(atRest.below < 0.003, `${atRest.below} below the bounds`)
  // 0.011 likewise; nearly all that is lost now is of a pool whose way is three fifths of the time.
  const { lost } = meansAt(0.5, true)
  assert.ok(lost < 0.003, `${lost} lost`)
})
