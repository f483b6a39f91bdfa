/** Which slot gets which item, and when. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { PolicyCommand, PolicyEvent } from '../../../src/policy/core/types.ts'
import { asked, byHand, finished } from '../by_hand.ts'
import { commandsOf, ocr, refsOf, single, street } from '../fixtures.ts'
import { asks, asksAtRandom, asksMany, joins, play } from '../story.ts'

Deno.test('A slower node gets less work, in proportion to its measured speed', () => {
  const items = { quick: 0, slow: 0 }
  let served = 0
  // With a single seed it may be twice or ten times as much.
  for (const seed of [1, 2, 3, 4]) {
    const story = play({ seed }, [
      [0, joins('quick', { latencyCv: 0.1 }), joins('slow', { latencyCv: 0.1, slowness: 5 })],
      // In the first second neither the demand nor the slow node's speed is known.
      [500, asksMany('first', 20, 60, 2000)],
      [1700, asksMany('q', 180, 60, 2000)],
    ], 20_000)
    const { nodes } = story.scheduler.stats()
    items.quick += nodes.quick!.items
    items.slow += nodes.slow!.items
    served += story.tally('q').served
  }
  // The nodes are busy for five sixths of their time, at random peaks for more.
  assert.ok(served >= 0.99 * 4 * 180, `${served}`)
  assert.ok(items.quick > 2.5 * items.slow, `${items.quick} and ${items.slow} items`)
})

Deno.test('Queries that arrive together are sent after the last has arrived, earliest deadline first', () => {
  const scheduler = byHand()
  const sent = ['later', 'sooner', 'soonest'].map((query, i) =>
    scheduler.handle(asked(query, 400 - 50 * i), 100, i < 2)
      .flatMap((one) => one.type === 'dispatch' ? one.items.map((item) => item.query) : [])
  )
  assert.deepEqual(sent.slice(0, 2), [[], []])
  assert.equal(sent[2]![0], 'soonest')
})

Deno.test('An earlier deadline goes first, even if the query came later', () => {
  const scheduler = byHand()
  const [running] = commandsOf(scheduler, asked('running', 60_000), 10, 'dispatch')
  scheduler.handle(asked('later', 50_000), 20)
  scheduler.handle(asked('soon', 420), 30)
  const [next] = commandsOf(scheduler, finished(running!.batch), 200, 'dispatch')
  assert.ok(next!.items.some(({ query }) => query === 'soon'))
})

const variantOf = (variant: string) => ({ pipeline: 'single', task: 'find', variant })

/** Node `a` holds the exact variant, node `b` the quick one; neither has room for more. */
function twoSlots() {
  const scheduler = createScheduler({ pipelines: [single], startPerS: { single: 1 } })
  const commands: PolicyCommand[] = []
  const post = (event: PolicyEvent, atMs: number) =>
    void commands.push(...scheduler.handle(event, atMs))
  for (const [node, variant] of [['a', 'exact'], ['b', 'quick']] as const) {
    const able = [{ ...variantOf(variant), memoryBytes: 1 }]
    post({ type: 'node_joined', node, slots: 1, duty: 1, able, memoryBytes: 1 }, 0)
    post({ type: 'instance_ready', node, slot: 0, ...variantOf(variant) }, 0)
  }
  const ask = (query: string, atMs: number, deadlineMs: number) =>
    post({ type: 'query_arrived', query, pipeline: 'single', deadlineMs, payload: query }, atMs)
  const given = () =>
    commands.flatMap((one) =>
      one.type === 'dispatch' ? one.items.map(({ query }) => `${query} ${one.node}`) : []
    )
  return { post, ask, given }
}

Deno.test('A quick slot leaves a query to the more accurate one if that ends in time', () => {
  const { post, ask, given } = twoSlots()
  ask('one', 1000, 2000)
  ask('two', 1001, 2001)
  post({ type: 'wake' }, 1030)
  assert.deepEqual(given(), ['one a'])
})

Deno.test('A quick slot takes a query that the more accurate one would end late', () => {
  const { post, ask, given } = twoSlots()
  ask('one', 1000, 2000)
  ask('two', 1001, 1140)
  post({ type: 'wake' }, 1030)
  assert.deepEqual(given(), ['one a', 'two b'])
})

/** Two tasks; only a few nodes are quick at the first. */
const chain = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'chain',
  sloMs: 500,
  root: 'find',
  tasks: {
    find: {
      next: ['name'],
      variants: {
        quick: { accuracy: 0.7, referenceMs: 8, fanOut: { name: 2 } },
        exact: { accuracy: 1, referenceMs: 20, fanOut: { name: 2 } },
      },
    },
    name: {
      variants: {
        quick: { accuracy: 0.8, referenceMs: 20 },
        exact: { accuracy: 1, referenceMs: 40 },
      },
    },
  },
}, 'chain.json')

Deno.test('Nodes that alone are quick at a task run that task, so that no query waits for it', () => {
  const latencyMs = ({ task, variant }: { task: string; variant: string }, batch: number) =>
    chain.tasks[task]!.variants[variant]!.referenceMs! * batch * (task === 'find' ? 8 : 1)
  const story = play({ pipelines: [chain], startPerS: { chain: 80 } }, [
    [0, joins('quick1'), joins('quick2')],
    [0, ...Array.from({ length: 6 }, (_, i) => joins(`slow${i}`, { latencyMs }))],
    // At first the speed of the slow nodes is learned.
    [500, asksAtRandom('first', 80, 2000, 500)],
    [2500, asksAtRandom('q', 80, 13_000, 500)],
  ], 17_000)
  const { served, asked } = story.tally('q')
  assert.ok(served >= 0.99 * asked, `${served} of ${asked}`)
  // All eight with the quickest variants reach 0.56.
  assert.ok(story.accuracy() > 0.9, `${story.accuracy()}`)
})

Deno.test('A page that one node cannot read in time is read by several, resting ones included', () => {
  const story = play({ children: 30 }, [
    [0, ...['a', 'b', 'c', 'd'].map((id) => joins(id))],
    // The pool learns how full pages are; then one comes that has too little time for one node.
    [500, asksMany('before', 5, 2000, 5000)],
    [12_000, asks('q', 160)],
  ], 13_000)
  // By the quickest path one node takes 40 + 30 * 5 ms.
  const reads = story.served('q').stages.filter(({ task }) => task === 'read')
  assert.ok(new Set(reads.map(({ node }) => node)).size >= 2)
})

const market = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'market',
  sloMs: 1000,
  root: 'scene',
  tasks: {
    scene: {
      next: ['stall', 'sign'],
      variants: { only: { accuracy: 1, referenceMs: 4, fanOut: { stall: 1, sign: 1 } } },
    },
    stall: { variants: { only: { accuracy: 1, referenceMs: 4 } } },
    sign: { variants: { only: { accuracy: 1, referenceMs: 16 } } },
  },
}, 'market.json')

const ofTask = (pipeline: typeof market, name: string) =>
  refsOf(pipeline).filter(({ task }) => task === name)

Deno.test('Queries that would wait too long for the only quick slots are refused on arrival', () => {
  // Reading signs takes most time; then scenes full of stalls come, of which one node does far fewer.
  let stalls = 1
  const story = play(
    { pipelines: [market], children: (_, task) => task === 'stall' ? stalls : 1 },
    [
      [0, ...['scene', 'stall', 'sign'].map((own) => joins(own, { able: ofTask(market, own) }))],
      [1000, asksMany('usual', 125, 40, 1000)],
      [6000, () => stalls = 40, asksMany('full', 200, 20, 1000)],
    ],
    12_000,
  )
  // Each takes 160 ms of the one node.
  const { served, lost } = story.tally('full')
  assert.ok(served >= 25 && lost <= 20, `${served} served, ${lost} lost`)
})

const row = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'row',
  sloMs: 360,
  root: 'find',
  tasks: {
    find: {
      next: ['cut'],
      variants: { only: { accuracy: 1, referenceMs: 100, fanOut: { cut: 1 } } },
    },
    cut: {
      next: ['read'],
      variants: { only: { accuracy: 1, referenceMs: 100, fanOut: { read: 1 } } },
    },
    read: { variants: { only: { accuracy: 1, referenceMs: 30 } } },
  },
}, 'row.json')

Deno.test('Work that has not reached the last of three stations delays no query that arrives there as late', () => {
  const nodes = ([['find', 3], ['cut', 5], ['read', 1]] as const).flatMap(([own, count]) =>
    Array.from({ length: count }, (_, i) => joins(`${own}${i}`, { able: ofTask(row, own) }))
  )
  const story = play({ pipelines: [row], children: 1 }, [
    [0, ...nodes],
    [1000, asksMany('q', 200, 40, 360)],
  ], 12_000)
  // Its one node is busy for three quarters of the time: with five other queries inside it has 150 ms to do.
  const { served, asked } = story.tally()
  assert.ok(served >= 0.98 * asked, `${served} of ${asked}`)
})

Deno.test('A cancelled query gets no answer, and its batch is cancelled', () => {
  const scheduler = byHand()
  const [detect] = commandsOf(scheduler, asked('q', 5000), 10, 'dispatch')
  const commands = scheduler.handle({ type: 'query_cancelled', query: 'q' }, 20)
  assert.deepEqual(commands.filter(({ type }) => type !== 'wake_at'), [
    { type: 'cancel_batch', node: 'a', batch: detect!.batch },
  ])
  const then = scheduler.handle(finished(detect!.batch), 200)
  assert.ok(then.every(({ type }) => type !== 'answer'))
  const { cancelled, inFlight, failed } = scheduler.stats().pipelines.ocr!
  assert.deepEqual({ cancelled, inFlight, failed }, { cancelled: 1, inFlight: 0, failed: {} })
})

Deno.test('A slot gets its next batch once its node reports the end of a cancelled one', () => {
  const scheduler = byHand()
  const [first] = commandsOf(scheduler, asked('gone', 5000), 10, 'dispatch')
  scheduler.handle({ type: 'query_cancelled', query: 'gone' }, 20)
  assert.deepEqual(commandsOf(scheduler, asked('q', 5000), 30, 'dispatch'), [])
  const ended = { type: 'batch_failed', batch: first!.batch, message: 'called off' } as const
  const [next] = commandsOf(scheduler, ended, 40, 'dispatch')
  assert.deepEqual(next!.items.map(({ query }) => query), ['q'])
  // The variant is not at fault: the next query uses it.
  assert.equal(next!.variant, first!.variant)
})

Deno.test("The duration of a cancelled batch counts for its slot's estimates", () => {
  const nextAfter = (computeMs?: number) => {
    const scheduler = byHand()
    const [first] = commandsOf(scheduler, asked('gone', 5000), 10, 'dispatch')
    scheduler.handle({ type: 'query_cancelled', query: 'gone' }, 20)
    scheduler.handle(asked('q', 5000), 30)
    const ended = {
      ...{ type: 'batch_failed', batch: first!.batch, message: 'called off' } as const,
      ...computeMs === undefined ? {} : { computeMs },
    }
    const [next] = commandsOf(scheduler, ended, 10 + 2 * first!.expectedMs, 'dispatch')
    assert.equal(next!.variant, first!.variant)
    return next!.expectedMs / first!.expectedMs
  }
  assert.equal(nextAfter(), 1)
  assert.ok(nextAfter(200) > 1.2)
})

Deno.test('The same story twice gives the same commands, bit for bit', () => {
  const run = () => {
    const faults = { failRatio: 0.05, hangRatio: 0.01, itemFailRatio: 0.02 }
    const nodes = Array.from(
      { length: 4 },
      (_, i) => joins(`n${i}`, { latencyCv: 0.3, slowness: 1 + i, faults }),
    )
    const { simulation, scheduler } = play({ pipelines: [ocr, street], seed: 11 }, [
      [0, ...nodes],
      [0, asksMany('o', 100, 80, 1500), asksMany('s', 100, 80, 1500, { of: 'street' })],
      [5000, ({ simulation }) => simulation.leave('n1')],
      [7000, joins('n1')],
    ], 20_000)
    return JSON.stringify([simulation.commands, scheduler.stats(), scheduler.plan()])
  }
  assert.equal(run(), run())
})
