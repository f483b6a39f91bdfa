/** A node changes its backend: its able variants change while it serves. */
import assert from 'node:assert/strict'
import type { Problem } from '../../../src/policy/place/problem.ts'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { PolicyEvent, VariantRef } from '../../../src/policy/core/types.ts'
import { commandsOf, ocr, refsOf } from '../fixtures.ts'

const all = refsOf(ocr)
const but = (name: string) => all.filter(({ variant }) => variant !== name)
const ofSize = (memoryBytes: number) => all.map((ref) => ({ ...ref, memoryBytes }))

/** A node on which every load succeeds. */
function startNode(able: (VariantRef & { memoryBytes?: number })[], memoryBytes?: number) {
  const scheduler = createScheduler({ pipelines: [ocr] })
  const held = new Set<string>()
  let nowMs = 0
  /** Requests to the planner. */
  let problems: Problem[] = []
  const tell = (event: PolicyEvent) => {
    const events = [event]
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      for (const command of scheduler.handle(next, ++nowMs)) {
        if (command.type === 'solve') problems.push(command.problem as Problem)
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
  /** Problems that the planner gets after some time; it answers none. */
  const problemsIn = (ms: number) => {
    problems = []
    wait(ms)
    return problems
  }
  return { scheduler, joined, tell, wait, problemsIn, later: () => ++nowMs }
}

Deno.test('a node that can hold more gets it, and a variant it can no longer hold is unloaded', () => {
  const { joined, tell } = startNode(but('big'))
  assert.deepEqual(joined, ['large', 'mid', 'small', 'tiny'])
  const more = tell({ type: 'node_able', node: 'a', able: but('tiny') })
  assert.deepEqual(more, ['big', 'large', 'mid', 'small'])
  const back = tell({ type: 'node_able', node: 'a', able: but('big') })
  assert.deepEqual(back, ['large', 'mid', 'small', 'tiny'])
})

Deno.test('a node whose models turn out larger keeps only what fits its memory', () => {
  const { tell, wait } = startNode(ofSize(20), 60)
  // No placement arrives.
  assert.equal(wait(5000).length, 3)
  const [first, ...rest] = tell({ type: 'node_able', node: 'a', able: ofSize(30) })
  assert.equal(rest.length, 1)
  // Variants it can no longer hold are not kept either.
  const able = ofSize(30).filter(({ variant }) => variant !== first)
  assert.deepEqual(tell({ type: 'node_able', node: 'a', able }), rest)
})

Deno.test('a plan is requested once slots cannot hold all, and no more once they can', () => {
  const { tell, problemsIn } = startNode(ofSize(20), 100)
  assert.equal(problemsIn(20_000).length, 0)
  const able = ofSize(30).filter(({ variant }) => variant !== 'tiny')
  tell({ type: 'node_able', node: 'a', able })
  const [problem] = problemsIn(1)
  const planned = problem!.classes.flatMap((one) => one.able.map(({ variant }) => variant))
  assert.deepEqual(planned.sort(), ['big', 'large', 'mid', 'small'])
  tell({ type: 'node_able', node: 'a', able: ofSize(20) })
  assert.equal(problemsIn(20_000).length, 0)
})

Deno.test('a ruling that lets slots hold all ends plans, and lifting it requests one', () => {
  const { tell, problemsIn } = startNode(ofSize(20), 80)
  const rule = (...forbidden: string[]) =>
    tell({
      type: 'rulings_changed',
      rulings: all.filter(({ variant }) => forbidden.includes(variant))
        .map((ref) => ({ ...ref, ruling: 'forbidden' })),
    })
  assert.equal(problemsIn(1).length, 1)
  assert.deepEqual(rule('big'), ['large', 'mid', 'small', 'tiny'])
  assert.equal(problemsIn(20_000).length, 0)
  rule()
  assert.equal(problemsIn(1).length, 1)
  // The planner does not answer, and is asked again only after a while.
  assert.equal(problemsIn(6000).length, 0)
  rule()
  assert.equal(problemsIn(1).length, 1)
})

Deno.test('no batch uses a variant that its node can no longer hold', () => {
  const { scheduler, tell, later } = startNode(all)
  tell({ type: 'node_able', node: 'a', able: but('large') })
  const query = { type: 'query_arrived', query: 'q', pipeline: 'ocr', payload: 'q' } as const
  const dispatched = commandsOf(scheduler, { ...query, deadlineMs: 1e6 }, later(), 'dispatch')
  assert.deepEqual(dispatched.map(({ variant }) => variant), ['small'])
})
