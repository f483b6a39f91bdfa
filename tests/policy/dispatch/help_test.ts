/** Slots that hold one variant each: who takes what. */
import assert from 'node:assert/strict'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { PolicyCommand, PolicyEvent } from '../../../src/policy/core/types.ts'
import { single } from '../fixtures.ts'

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
