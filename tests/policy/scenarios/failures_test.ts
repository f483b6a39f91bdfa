/** Batches that fail, hang or come late, faulty inputs, and unexpected events. */
import assert from 'node:assert/strict'
import type { PolicyEvent } from '../../../src/policy/core/types.ts'
import { asked, byHand, finished, wakeUntil } from '../by_hand.ts'
import { commandsOf } from '../fixtures.ts'
import { asks, asksMany, joins, play } from '../story.ts'

Deno.test('A failing item is tried a limited number of times, with pauses between', () => {
  const story = play({ limits: { maxAttempts: 3 } }, [
    [0, joins('a', { faults: { failRatio: 1 } })],
    [500, asks('q', 60_000)],
  ], 70_000)
  assert.equal(story.failed('q').reason, 'node_failed')
  const sent = story.sent()
  assert.equal(sent.length, 3)
  for (const { atMs, variant } of sent) {
    const before = sent.findLast((one) => one.variant === variant && one.atMs < atMs)
    assert.ok(before === undefined || atMs - before.atMs > 250, `${variant} again at ${atMs} ms`)
  }
})

Deno.test('An item that failed on one node goes to another', () => {
  const story = play({ children: 0 }, [
    [0, joins('broken', { slowness: 0.9, faults: { failRatio: 1 } }), joins('sound')],
    [500, asksMany('q', 6, 2000, 5000)],
  ], 20_000)
  assert.equal(story.tally().served, 6)
  assert.ok(story.sent(({ node }) => node === 'broken').length > 0, 'it was tried')
})

Deno.test('A faulty input fails the whole query at once with its reason', () => {
  const scheduler = byHand()
  const [detect] = commandsOf(scheduler, asked('q', 5000), 10, 'dispatch')
  const ended = finished(detect!.batch, 1, ['x', 'y', 'z'])
  const [next] = commandsOf(scheduler, ended, 100, 'dispatch')
  const bad = { ok: false, fatal: true, reason: 'invalid_input', message: 'no picture' } as const
  const commands = scheduler.handle({
    ...finished(next!.batch, next!.items.length) as Extract<
      PolicyEvent,
      { type: 'batch_finished' }
    >,
    outcomes: next!.items.map((_, i) => i === 0 ? bad : { ok: true, result: null, children: {} }),
  }, 200)
  const answers = commands.flatMap((one) => one.type === 'answer' ? [one.answer] : [])
  assert.deepEqual(answers, [{ ok: false, reason: 'invalid_input', message: 'no picture' }])
  const { inFlight, queued } = scheduler.stats().pipelines.ocr!
  assert.deepEqual([inFlight, queued], [0, { detect: 0, read: 0 }])
})

Deno.test('A faulty input does not count against the node or variant that ran it', () => {
  const scheduler = byHand()
  const [bad] = commandsOf(scheduler, asked('bad', 60_000), 10, 'dispatch')
  const outcome = { ok: false, fatal: true, reason: 'invalid_input', message: 'no' } as const
  scheduler.handle({ ...finished(bad!.batch), outcomes: [outcome] } as PolicyEvent, 200)
  const [next] = commandsOf(scheduler, asked('good', 60_000), 200, 'dispatch')
  assert.equal(next?.variant, bad!.variant)
})

Deno.test('Missing outcomes count as failures to retry, like explicit ones', () => {
  const failed = { ok: false, fatal: false, reason: 'internal', message: 'no' } as const
  for (const outcomes of [[], [failed]]) {
    const scheduler = byHand()
    const [detect] = commandsOf(scheduler, asked('q', 60_000), 10, 'dispatch')
    const short = { ...finished(detect!.batch), outcomes } as PolicyEvent
    const [again] = commandsOf(scheduler, short, 100, 'dispatch')
    assert.equal(scheduler.stats().pipelines.ocr!.inFlight, 1)
    assert.deepEqual(again!.items.map(({ query }) => query), ['q'])
    // The failed pair of slot and variant pauses: another variant is tried first.
    assert.notEqual(again!.variant, detect!.variant)
  }
})

Deno.test('A batch past its give-up time is cancelled and tried elsewhere', () => {
  const story = play({ children: 0 }, [
    [0, joins('hangs', { slowness: 0.5, faults: { hangRatio: 1 } }), joins('sound')],
    [500, asks('q', 20_000)],
  ], 21_000)
  const [first, second] = story.sent()
  assert.deepEqual([first!.node, second!.node], ['hangs', 'sound'])
  assert.ok(Math.abs(second!.atMs - first!.atMs - first!.giveUpMs) < 1)
  assert.ok(story.commands('cancel_batch').some(({ batch }) => batch === first!.batch))
  story.served('q')
})

Deno.test('Late results, unknown batches and unknown nodes do no harm', () => {
  const scheduler = byHand()
  const [detect] = commandsOf(scheduler, asked('q', 60_000), 10, 'dispatch')
  const giveUpAtMs = 10 + detect!.giveUpMs
  const given = wakeUntil(scheduler, giveUpAtMs, giveUpAtMs + 5000)
  assert.ok(given.some(({ type }) => type === 'cancel_batch'))
  const again = given.find(({ type }) => type === 'dispatch') as unknown as { batch: number }
  const nowMs = giveUpAtMs + 5001
  const ref = { pipeline: 'ocr', task: 'read', variant: 'tiny' }
  const strange: PolicyEvent[] = [
    finished(detect!.batch, 1, ['late']),
    finished(detect!.batch, 1, ['late']),
    finished(999),
    { type: 'batch_failed', batch: detect!.batch, message: 'late' },
    { type: 'batch_failed', batch: 999, message: 'never was' },
    { type: 'node_left', node: 'nobody' },
    { type: 'node_reported', node: 'nobody', paused: true, slots: 3, profile: [] },
    { type: 'node_able', node: 'nobody', able: [] },
    { type: 'instance_ready', node: 'nobody', slot: 0, ...ref },
    { type: 'instance_ready', node: 'a', slot: 9, ...ref },
    { type: 'instance_ready', node: 'a', slot: 0, ...ref, variant: 'none' },
    { type: 'load_failed', node: 'a', slot: -1, message: '', ...ref },
    { type: 'query_cancelled', query: 'nobody' },
    { type: 'wake' },
  ]
  for (const event of strange) {
    const commands = scheduler.handle(event, nowMs)
    assert.ok(commands.every(({ type }) => type !== 'answer'), event.type)
  }
  const commands = scheduler.handle(finished(again.batch), nowMs)
  assert.equal(commands.filter(({ type }) => type === 'answer').length, 1)
})

Deno.test('A pool that hung for a while serves again once it responds', () => {
  const faults = { hangRatio: 1 }
  const story = play({ children: 0 }, [
    [0, joins('a', { faults })],
    [500, asksMany('early', 60, 300, 300)],
    [20_000, () => faults.hangRatio = 0, asksMany('late', 100, 1000, 300)],
  ], 121_000)
  for (let i = 90; i < 100; i++) story.served(`late${i}`)
})

Deno.test('The queue time of an item includes its wait here and at its node', () => {
  const scheduler = byHand()
  const [first] = commandsOf(scheduler, asked('first', 60_000), 10, 'dispatch')
  assert.deepEqual(commandsOf(scheduler, asked('q', 60_000), 20, 'dispatch'), [])
  const [next] = commandsOf(scheduler, finished(first!.batch), 100, 'dispatch')
  const ended = { ...finished(next!.batch), nodeQueueMs: 7 } as PolicyEvent
  const [told] = commandsOf(scheduler, ended, 200, 'answer')
  assert.ok(told?.answer.ok)
  assert.deepEqual(told.answer.stages.map(({ queueMs }) => queueMs), [100 - 20 + 7])
})

const giveUpOf = (slots: number, ran: boolean, nodes?: string[]): number => {
  const scheduler = byHand(slots, 1, nodes)
  let nowMs = 10
  if (ran) {
    const [first] = commandsOf(scheduler, asked('first', 60_000), nowMs, 'dispatch')
    scheduler.handle(finished(first!.batch), nowMs += 100)
  }
  const [detect] = commandsOf(scheduler, asked('q', 60_000), nowMs, 'dispatch')
  return detect!.giveUpMs
}

const TWO = ['a', 'b']

Deno.test('The only node gets more time for its first run, if no other could help', () => {
  assert.ok(giveUpOf(1, false) > giveUpOf(1, false, TWO) + 10_000)
  assert.ok(giveUpOf(1, true) < giveUpOf(1, false) - 10_000)
})

Deno.test('A stalled slot gets more time if no other node could do its work', () => {
  // The node ends the worker of a batch given up, and loads all again: nothing gets quicker, also not
  // on its other slots, which stall with it.
  assert.ok(giveUpOf(1, true) > giveUpOf(1, true, TWO) + 4000)
  for (const ran of [true, false]) assert.equal(giveUpOf(2, ran), giveUpOf(1, ran))
})

Deno.test('A batch whose query timed out teaches that its node is slow', () => {
  const scheduler = byHand()
  const [slow] = commandsOf(scheduler, asked('q', 4000), 10, 'dispatch')
  const commands = wakeUntil(scheduler, 4000, 4000)
  assert.ok(commands.some(({ type }) => type === 'cancel_batch'))
  scheduler.handle(finished(slow!.batch), 4100)
  const [next] = commandsOf(scheduler, asked('r', 64_000), 4200, 'dispatch')
  assert.ok(next !== undefined)
  assert.ok(
    next.variant !== slow!.variant || next.expectedMs > 1.5 * slow!.expectedMs,
    `${next.variant} in ${next.expectedMs} ms after ${slow!.variant} in ${slow!.expectedMs} ms`,
  )
})
