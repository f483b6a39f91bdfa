/** A node moves to another backend: what it can hold changes while it serves. */
import assert from 'node:assert/strict'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { PolicyEvent, VariantRef } from '../../../src/policy/types.ts'
import { commandsOf, ocr, refsOf } from '../fixtures.ts'

const all = refsOf(ocr)
const but = (name: string) => all.filter(({ variant }) => variant !== name)

/** A node in which every load it is asked for succeeds. */
function startNode(able: (VariantRef & { memoryBytes?: number })[], memoryBytes?: number) {
  const scheduler = createScheduler({ pipelines: [ocr] })
  const held = new Set<string>()
  let nowMs = 0
  const tell = (event: PolicyEvent) => {
    const events = [event]
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      for (const command of scheduler.handle(next, ++nowMs)) {
        if (command.type === 'unload') held.delete(command.variant)
        if (command.type !== 'load') continue
        held.add(command.variant)
        events.push({ ...command, type: 'instance_ready' })
      }
    }
    return [...held].sort()
  }
  const joined = tell({
    ...{ type: 'node_joined', node: 'a', slots: 1, duty: 1, able },
    ...memoryBytes === undefined ? {} : { memoryBytes },
  })
  const wait = (ms: number) => {
    nowMs += ms
    return tell({ type: 'wake' })
  }
  return { scheduler, joined, tell, wait, later: () => ++nowMs }
}

Deno.test('a node that can hold more is given it, and what it can no more is taken from it', () => {
  const { joined, tell } = startNode(but('big'))
  assert.deepEqual(joined, ['large', 'mid', 'small', 'tiny'])
  const more = tell({ type: 'node_able', node: 'a', able: but('tiny') })
  assert.deepEqual(more, ['big', 'large', 'mid', 'small'])
  const back = tell({ type: 'node_able', node: 'a', able: but('big') })
  assert.deepEqual(back, ['large', 'mid', 'small', 'tiny'])
})

Deno.test('a node whose models turn out to be larger is left what it has memory for', () => {
  const each = (memoryBytes: number) => all.map((ref) => ({ ...ref, memoryBytes }))
  const { tell, wait } = startNode(each(20), 60)
  // No placement comes.
  assert.equal(wait(5000).length, 3)
  assert.equal(tell({ type: 'node_able', node: 'a', able: each(30) }).length, 2)
})

Deno.test('no batch goes to a variant that its node can hold no more', () => {
  const { scheduler, tell, later } = startNode(all)
  tell({ type: 'node_able', node: 'a', able: but('large') })
  const query = { type: 'query_arrived', query: 'q', pipeline: 'ocr', payload: 'q' } as const
  const dispatched = commandsOf(scheduler, { ...query, deadlineMs: 1e6 }, later(), 'dispatch')
  assert.deepEqual(dispatched.map(({ variant }) => variant), ['small'])
})
