/** Variants that are pinned or forbidden while the pool serves. */
import assert from 'node:assert/strict'
import { createPolicy } from '../../../src/peers/policies.ts'
import type { PolicyEvent } from '../../../src/policy/core/types.ts'
import { ocr, refsOf } from '../fixtures.ts'
import { asks, asksMany, joins, only, pauses, play, resumes, rules, type Scene } from '../story.ts'

const pathOf = (story: Scene, query: string) =>
  Object.entries(story.served(query).path)
    .map(([task, counts]) => `${task} ${Object.keys(counts).join('+')}`)

const held = (story: Scene) =>
  [...new Set(story.scheduler.plan().instances.map(({ variant }) => variant))].sort()

const TWO_NODES = [joins('a', { slots: 2 }), joins('b', { slots: 2, slowness: 3 })]

Deno.test('A forbidden variant is released and unused, and comes back once it is allowed', () => {
  const story = play({ children: 2 }, [
    [0, ...TWO_NODES],
    [500, asks('before', 5000)],
    [6000, rules('forbidden ocr read big'), asks('forbidden', 5000)],
  ], 12_000)
  assert.deepEqual(pathOf(story, 'before'), ['detect large', 'read big'])
  assert.deepEqual(pathOf(story, 'forbidden'), ['detect large', 'read mid'])
  assert.deepEqual(held(story), ['large', 'mid', 'small', 'tiny'])
  const plan = story.scheduler.plan()
  assert.match(plan.reason, /read big is forbidden/)
  assert.equal(plan.mode, 'hardware', 'what is left is the best there is')
  story.go(19_000, [[12_000, rules()], [13_000, asks('after', 5000)]])
  assert.deepEqual(pathOf(story, 'after'), ['detect large', 'read big'])
  assert.doesNotMatch(story.scheduler.plan().reason, /forbidden/)
})

Deno.test('A pinned variant alone serves its task, also under load, and new nodes load no other', () => {
  const story = play({ children: 2 }, [
    [0, ...TWO_NODES],
    [500, rules('pinned ocr read tiny'), joins('late')],
    [2000, asksMany('q', 200, 20, 5000)],
  ], 12_000)
  assert.ok(story.tally().served > 150)
  const others = story.sent(({ task, variant }) => task === 'read' && variant !== 'tiny')
  assert.deepEqual(others, [])
  assert.deepEqual(held(story), ['large', 'small', 'tiny'])
  assert.match(story.scheduler.plan().reason, /read tiny is pinned/)
})

Deno.test('A batch that runs when its variant is forbidden ends normally', () => {
  const story = play({ children: 2 }, [
    [0, ...TWO_NODES],
    [500, asks('inside', 5000)],
    [530, rules('forbidden ocr detect large')],
  ], 7000)
  assert.deepEqual(pathOf(story, 'inside'), ['detect large', 'read big'])
})

Deno.test('A closed variant is unloaded only once another one serves its task', () => {
  const story = play({ children: 2 }, [
    [0, joins('a', { able: only(ocr, 'small', 'tiny') })],
    [500, rules('pinned ocr read big'), asks('alone', 5000)],
    [6000, joins('b', { loadMs: 300 })],
    [9000, asks('pinned', 5000)],
  ], 15_000)
  assert.deepEqual(pathOf(story, 'alone'), ['detect small', 'read tiny'])
  assert.equal(pathOf(story, 'pinned')[1], 'read big')
  assert.deepEqual(held(story), ['big', 'large', 'small'])
})

Deno.test('A forbidden variant stays while all nodes with a replacement are paused, and no longer', () => {
  const others = refsOf(ocr).filter(({ variant }) => variant !== 'big')
  const story = play({ children: 2 }, [
    [0, joins('a', { able: only(ocr, 'big') }), joins('b', { able: others })],
    [500, pauses('b'), rules('forbidden ocr read big')],
  ], 1000)
  assert.ok(held(story).includes('big'))
  story.go(7000, [[1000, resumes('b'), asks('q', 5000)]])
  assert.ok(!held(story).includes('big'))
  assert.deepEqual(pathOf(story, 'q'), ['detect large', 'read mid'])
})

Deno.test('Slots with one variant each are placed again around a pin', () => {
  const { scheduler, solve } = createPolicy('shoal', { pipelines: [ocr] })
  const held = new Map<string, string>()
  const loads: string[] = []
  let nowMs = 0
  const post = (event: PolicyEvent) => {
    for (const command of scheduler.handle(event, nowMs)) {
      if (command.type === 'solve') post({ type: 'plan_ready', plan: solve!(command) })
      if (command.type === 'unload') held.delete(command.node)
      if (command.type !== 'load') continue
      const { type: _, node, slot, ...ref } = command
      assert.ok(!held.has(node), 'there is room for one')
      held.set(node, ref.variant)
      loads.push(ref.variant)
      post({ type: 'instance_ready', node, slot, ...ref })
    }
  }
  const runFor = (ms: number) => {
    for (const untilMs = nowMs + ms; nowMs < untilMs; nowMs += 50) post({ type: 'wake' })
  }
  const able = refsOf(ocr).map((ref) => ({ ...ref, memoryBytes: 1 }))
  for (const node of ['a', 'b', 'c', 'd']) {
    post({ type: 'node_joined', node, slots: 1, duty: 1, able, memoryBytes: 1 })
  }
  runFor(5000)
  const before = [...held.values()]
  assert.ok(before.includes('large') && before.includes('big'), before.join())
  loads.length = 0
  post({
    type: 'rulings_changed',
    rulings: [{ pipeline: 'ocr', task: 'read', variant: 'mid', ruling: 'pinned' }],
  })
  runFor(15_000)
  const after = [...held.values()]
  assert.ok(after.includes('mid') && after.includes('large'), after.join())
  assert.ok(!after.includes('big') && !after.includes('tiny'), after.join())
  assert.ok(!loads.includes('big') && !loads.includes('tiny'), loads.join())
})
