/** What may follow an item, against every choice of variants that there is. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import { createFanOut, type FanOut } from '../../../src/policy/estimate/fanout.ts'
import { makespanMs } from '../../../src/policy/lookahead/makespan.ts'
import { createTails } from '../../../src/policy/lookahead/tails.ts'
import type { Capacity, Server, Service } from '../../../src/policy/state/capacity.ts'
import type { Group } from '../../../src/policy/state/slots.ts'
import { type Prefix, shapesOf, type TaskShape } from '../../../src/policy/core/graph.ts'
import { createRandom, type Random } from '../../../src/sim/random.ts'

const MAX_BATCH = 4
/** Items of a query share batches with nobody else's. */
const ALONE = 0
const RUNS = 60

const group = { slots: Array(3) } as unknown as Group

/** Three slots that take so long for one item, and half of that for each more. */
function serviceOf(oneMs: number, networkMs: number, costMs: number): Service {
  const server: Server = {
    ...{ group, meanMs: oneMs, upperMs: 1.4 * oneMs, networkMs, costMs, planMs: costMs },
    ...{ latencyMs: (batch) => oneMs * (0.5 + 0.5 * batch), known: [], batch: 2 },
  }
  return {
    ...{ servers: [server], poolMs: costMs / 3, networkMs, nearestMs: networkMs },
    ...{ upperRatio: 1.4, spansMs: [] },
  }
}

const tailsOf = (services: Service[], fanOut: FanOut) => {
  const capacity = { groups: [group], services } as unknown as Capacity
  return createTails(capacity, fanOut, MAX_BATCH, { saw() {}, of: () => ALONE })
}

/** A root with two children, of which the second has one more; each with a few variants. */
function problem(random: Random) {
  const between = (from: number, to: number) => from + (to - from) * random()
  const variants = (children: readonly string[], count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, v) => [`v${v}`, {
      accuracy: between(0.5, 1),
      fanOut: Object.fromEntries(children.map((child) => [child, Math.round(between(1, 4))])),
    }]))
  const shapes = shapesOf([checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name: 'tree', sloMs: 1000, root: 'root' },
    tasks: {
      root: { next: ['side', 'first'], variants: variants(['side', 'first'], 2) },
      side: { variants: variants([], 2) },
      first: { next: ['last'], variants: variants(['last'], 2) },
      last: { variants: variants([], 2) },
    },
  }, 'tree')])
  const services = shapes.variants.map(() => {
    const oneMs = between(1, 40)
    return serviceOf(oneMs, between(0, 10), oneMs * between(0.5, 1))
  })
  const fanOut = createFanOut()
  const tails = tailsOf(services, fanOut)
  return { shapes, services, fanOut, tails }
}

interface Way {
  accuracy: number
  leaves: number
  poolMs: number
  chainMs: number
  safeChainMs: number
}

type Problem = ReturnType<typeof problem>

/** Every choice of variants for all that follows, whose leaves all reach the least accuracy. */
function everyWay({ services, fanOut }: Problem, prefix: Prefix, least: number): Way[] {
  const after = (from: Prefix): Way[] => {
    if (from.next.length === 0) {
      if (from.accuracy < least) return []
      return [{ accuracy: from.accuracy, leaves: 1, poolMs: 0, chainMs: 0, safeChainMs: 0 }]
    }
    const branches = from.next.map((choices, child) => {
      const count = fanOut.mean(from.variant, child)
      const upper = fanOut.upper(from.variant, child)
      return choices.flatMap((next) => {
        const service = services[next.variant.index]!
        const { poolMs, networkMs, upperRatio } = service
        const spanMs = (items: number) => makespanMs(service, items, MAX_BATCH, ALONE)
        return after(next).map((way): Way => {
          const restMs = Math.max(way.chainMs, count * way.poolMs)
          return {
            accuracy: way.accuracy,
            leaves: count * way.leaves,
            poolMs: count * (poolMs + way.poolMs),
            chainMs: networkMs + spanMs(count) + restMs,
            safeChainMs: networkMs + spanMs(upper) * upperRatio +
              Math.max(way.safeChainMs, restMs),
          }
        })
      })
    })
    const [first, second] = branches as [Way[], Way[] | undefined]
    if (second === undefined) return first
    return first.flatMap((a) =>
      second.map((b): Way => {
        const [leaves, poolMs] = [a.leaves + b.leaves, a.poolMs + b.poolMs]
        return {
          ...{ leaves, poolMs },
          accuracy: (a.accuracy * a.leaves + b.accuracy * b.leaves) / leaves,
          chainMs: Math.max(a.chainMs, b.chainMs, poolMs),
          safeChainMs: Math.max(a.safeChainMs, b.safeChainMs, poolMs),
        }
      })
    )
  }
  return after(prefix)
}

const keyOf = ({ accuracy, leaves, poolMs, chainMs, safeChainMs }: Way) =>
  [accuracy, leaves, poolMs, chainMs, safeChainMs].map((value) => value.toFixed(6)).join(' ')
const leastOf = (ways: readonly Way[], key: 'poolMs' | 'chainMs' | 'safeChainMs') =>
  ways.reduce((least, way) => Math.min(least, way[key]), Infinity)

/** Calls back with each prefix of each problem, and each level that a query may ask for. */
function each(look: (given: Problem, prefix: Prefix, level: number, ways: Way[]) => void): void {
  const random = createRandom(5)
  for (let run = 0; run < RUNS; run++) {
    const given = problem(random)
    const { starts, levels } = given.shapes.pipelines.get('tree')!
    const all = starts.flatMap((start) => [start, ...start.next.flat()])
    for (const level of [0, 1, levels.length >> 1, levels.length - 1, levels.length]) {
      for (const prefix of all) {
        look(given, prefix, level, everyWay(given, prefix, levels[level] ?? Infinity))
      }
    }
  }
}

Deno.test('each option is a choice of variants that keeps the level, the most accurate first', () => {
  each(({ tails }, prefix, level, ways) => {
    const options = tails.tails(prefix, level)
    assert.equal(options.length > 0, ways.length > 0)
    const known = new Set(ways.map(keyOf))
    let [poolMs, chainMs, accuracy] = [Infinity, Infinity, Infinity]
    for (const option of options) {
      assert.ok(known.has(keyOf(option)), `${keyOf(option)} is no choice`)
      assert.ok(option.accuracy <= accuracy)
      assert.ok(option.poolMs < poolMs || option.chainMs < chainMs, 'neither cheaper nor shorter')
      accuracy = option.accuracy
      poolMs = Math.min(poolMs, option.poolMs)
      chainMs = Math.min(chainMs, option.chainMs)
    }
  })
})

Deno.test('of all choices the most accurate, the cheapest and the shortest are options', () => {
  each(({ tails }, prefix, level, ways) => {
    if (ways.length === 0) return
    const options = tails.tails(prefix, level)
    const best = ways.reduce((most, { accuracy }) => Math.max(most, accuracy), 0)
    assert.ok(Math.abs(options[0]!.accuracy - best) < 1e-9, `${options[0]!.accuracy} of ${best}`)
    const cheapest = leastOf(ways, 'poolMs')
    assert.ok(leastOf(options, 'poolMs') < cheapest + 1e-9)
    // One task alone follows: nothing is weighed against what stands beside it.
    if (prefix.next[0]?.[0]?.next.length === 0 && prefix.next.length === 1) {
      assert.ok(leastOf(options, 'chainMs') < leastOf(ways, 'chainMs') + 1e-9)
    }
    const least = tails.least(prefix, level)
    for (const key of ['poolMs', 'chainMs', 'safeChainMs'] as const) {
      assert.equal(least[key], leastOf(options, key), key)
    }
  })
})

Deno.test('the quickest way is the shortest of those that its options leave', () => {
  each(({ shapes, services, tails }, { variant }, level) => {
    const { start } = shapes.pipelines.get('tree')!
    if (variant.task !== start.task) return
    const choices = start.prefixes.flatMap((prefix) => {
      const { networkMs, poolMs, upperRatio, servers: [server] } = services[prefix.variant.index]!
      const { meanMs } = server!
      return tails.tails(prefix, level).map((tail) => ({
        ...{ prefix, networkMs, poolMs: poolMs + tail.poolMs },
        chainMs: networkMs + meanMs + tail.chainMs,
        safeChainMs: networkMs + meanMs * upperRatio + tail.safeChainMs,
        afterMs: tail.chainMs,
      }))
    })
    const quickest = tails.quickest(start, level)
    if (choices.length === 0) return assert.equal(quickest, undefined)
    const { firstMs: _, awayMs, ...found } = quickest!
    assert.deepEqual(found, choices.reduce((a, b) => b.chainMs < a.chainMs ? b : a))
    const nearestMs = (task: TaskShape): number =>
      Math.min(...task.variants.map(({ index }) => services[index]!.nearestMs)) +
      Math.max(0, ...task.next.map(nearestMs))
    assert.equal(awayMs, nearestMs(start.task))
  })
})

Deno.test('of very many options some are kept, the most accurate and the cheapest among them', () => {
  const count = 40
  const names = Array.from({ length: count }, (_, v) => `v${v}`)
  const shapes = shapesOf([checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name: 'tree', sloMs: 1000, root: 'root' },
    tasks: {
      root: { next: ['leaf'], variants: { only: { accuracy: 1, fanOut: { leaf: 1 } } } },
      leaf: {
        variants: Object.fromEntries(names.map((name, v) => [name, { accuracy: 1 - v / count }])),
      },
    },
  }, 'tree')])
  const services = shapes.variants.map(({ accuracy }) => serviceOf(10 * accuracy, 0, 3 * accuracy))
  const tails = tailsOf(services, createFanOut())
  const [start] = shapes.pipelines.get('tree')!.starts
  const options = tails.tails(start!, 0)
  assert.ok(options.length > 1 && options.length < count, `${options.length}`)
  const accuracies = options.map(({ accuracy }) => accuracy)
  assert.deepEqual(accuracies, [...new Set(accuracies)].sort((a, b) => b - a))
  assert.equal(accuracies[0], 1)
  assert.ok(Math.abs(accuracies.at(-1)! - 1 / count) < 1e-9)
})
