/** Slots that hold one variant each: who takes what. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import type { View } from '../../src/policy/choose.ts'
import { firstInNeed } from '../../src/policy/help.ts'
import { createQuery, type Item } from '../../src/policy/query.ts'
import { createQueue } from '../../src/policy/queue.ts'
import { createScheduler } from '../../src/policy/scheduler.ts'
import { shapesOf } from '../../src/policy/shape.ts'
import type { Group, Slot } from '../../src/policy/slots.ts'
import type { PolicyCommand, PolicyEvent } from '../../src/policy/types.ts'

const single = checkPipeline({
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

const ref = (variant: string) => ({ pipeline: 'single', task: 'find', variant })

/** Node `a` holds the exact variant, node `b` the quick one; neither has room for more. */
function pool() {
  const scheduler = createScheduler({ pipelines: [single], startPerS: { single: 1 } })
  const commands: PolicyCommand[] = []
  const post = (event: PolicyEvent, atMs: number) =>
    void commands.push(...scheduler.handle(event, atMs))
  for (const [node, variant] of [['a', 'exact'], ['b', 'quick']] as const) {
    const able = [{ ...ref(variant), memoryBytes: 1 }]
    post({ type: 'node_joined', node, slots: 1, duty: 1, able, memoryBytes: 1 }, 0)
    post({ type: 'instance_ready', node, slot: 0, ...ref(variant) }, 0)
  }
  const ask = (query: string, atMs: number, deadlineMs: number) =>
    post({ type: 'query_arrived', query, pipeline: 'single', deadlineMs, payload: query }, atMs)
  const nodes = () =>
    commands.flatMap((command) =>
      command.type === 'dispatch'
        ? command.items.map(({ query }) => `${query} ${command.node}`)
        : []
    )
  return { post, ask, nodes }
}

Deno.test('a quick slot leaves an item to the slot that is planned for it, where that ends in time', () => {
  const { post, ask, nodes } = pool()
  ask('one', 1000, 2000)
  ask('two', 1001, 2001)
  post({ type: 'wake' }, 1030)
  assert.deepEqual(nodes(), ['one a'])
})

Deno.test('a quick slot takes what the planned slot would end late', () => {
  const { post, ask, nodes } = pool()
  ask('one', 1000, 2000)
  ask('two', 1001, 1140)
  post({ type: 'wake' }, 1030)
  assert.deepEqual(nodes(), ['one a', 'two b'])
})

Deno.test('firstInNeed() finds the first item that the planned slots would end late', () => {
  const shapes = shapesOf([single])
  const exact = shapes.find(ref('exact'))!
  const shape = shapes.pipelines.get('single')!
  const slotOf = (group: Partial<Group>) =>
    ({ batches: [], restUntilMs: 0, cooldowns: new Map(), group }) as unknown as Slot
  const planned: Partial<Group> = { duty: 1 }
  planned.slots = [slotOf(planned)]
  const quick = slotOf({ duty: 1 })
  const server = { group: planned, costMs: 100, latencyMs: () => 100, batch: 1 }
  const services: unknown[] = []
  services[exact.index] = { servers: [server], upperRatio: 1, networkMs: 0 }
  const view = {
    nowMs: 0,
    capacity: { services },
    targets: { mixNumber: 1, isPlanned: () => true, share: () => 1 },
    tails: { tails: () => [{ safeChainMs: 0 }] },
    freeMs: new Map(),
  } as unknown as View
  const queue = createQueue<Item>()
  for (let seq = 0; seq < 100; seq++) {
    const query = createQuery({
      ...{ id: `q${seq}`, seq, shape, deadlineMs: 3000, minAccuracy: undefined },
      ...{ payload: null, laxityMs: 2900 },
    }, 0)
    queue.insert(query.root)
  }
  // Ten a second: the last that ends with 0.3 of its laxity left is the 21st.
  assert.equal(firstInNeed(queue, 0, quick, view), 21)
  assert.equal(firstInNeed(queue, 40, quick, view), 40)
})
