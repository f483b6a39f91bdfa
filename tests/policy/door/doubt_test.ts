/** A pool that was held up for a while, whose queries have less time than it then seems to need. */
import assert from 'node:assert/strict'
import { createDoubt } from '../../../src/policy/door/doubt.ts'
import { Profile } from '../../../src/policy/estimate/profile.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import type { PolicyCommand, PolicyEvent } from '../../../src/policy/core/types.ts'
import { pipeline } from '../../../src/bench/trust/trust_lies.ts'
import { asked, byHand, finished } from '../by_hand.ts'
import { createScene } from '../trust/scene.ts'

/** Nodes that take so many times as long at first; then what became of queries that came one by one. */
function heldUp(times: number, timeoutMs: number, count: number) {
  const scene = createScene({ trust: false })
  let held = true
  for (const id of ['a', 'b']) {
    scene.node(id, { latencyMs: (_, batch) => (held ? times : 1) * 10 * batch })
  }
  scene.wait(500)
  scene.ask(20, 700, 60_000)
  scene.wait(60_000)
  held = false
  const before = scene.answers.size
  scene.ask(count, 100, timeoutMs)
  scene.wait(2 * timeoutMs)
  assert.deepEqual(scene.violations, [])
  return [...scene.answers.values()].slice(before).map(([first]) =>
    first!.answer.ok ? 'ok' : first!.answer.reason
  )
}

Deno.test('nodes that were slow for some seconds are tried again though all is refused', () => {
  for (const [times, timeoutMs] of [[30, 400], [100, 400], [400, 4000]] as const) {
    const said = heldUp(times, timeoutMs, 120)
    const first = said.indexOf('ok')
    assert.equal(said[0], 'infeasible_deadline')
    // In some seconds, a query each tenth of one.
    assert.ok(first > 0 && first <= 40, `${times} times: ${first} of ${said.length}`)
    assert.deepEqual(said.slice(first).filter((one) => one !== 'ok'), [])
  }
})

Deno.test('who asks for what nobody can do is refused, whatever was slow before', () => {
  assert.deepEqual(new Set(heldUp(30, 5, 200)), new Set(['infeasible_deadline']))
})

Deno.test('what is doubted is thought to be as quick and as near as it was found to be, not more', () => {
  const shapes = shapesOf([pipeline])
  const [task] = shapes.pipelines.get(pipeline.name)!.tasks
  const [variant, other] = task!.variants
  const profile = new Profile()
  profile.roundTrip('a', 4)
  for (const one of [variant!, other!]) {
    profile.measured('a', one, [{ batch: 1, latencyMs: 20 }])
    for (let i = 0; i < 20; i++) profile.ran('a', one, 1, 100)
  }
  for (let i = 0; i < 40; i++) profile.sent('a', task!, 200)
  const slowMs = profile.meanMs('a', variant!, 1)
  assert.ok(slowMs > 80, `${slowMs} ms`)
  profile.doubt([variant!])
  const halfMs = profile.meanMs('a', variant!, 1)
  assert.ok(halfMs < 0.6 * slowMs && halfMs > 0.4 * slowMs, `${halfMs} ms`)
  const awayMs = profile.networkMs('a', task!)
  profile.doubt([variant!, other!])
  assert.ok(
    Math.abs(profile.networkMs('a', task!) - awayMs / 2) < 1e-6,
    'once, not for each variant',
  )
  for (let i = 0; i < 10; i++) profile.doubt([variant!])
  assert.ok(Math.abs(profile.meanMs('a', variant!, 1) - 20) < 1e-6)
  assert.equal(profile.networkMs('a', task!), 4)
  // What was doubted but once is half as slow.
  assert.ok(Math.abs(profile.meanMs('a', other!, 1) - slowMs / 2) < 1e-6)
})

Deno.test('a refusal is reason for doubt where nothing was inside for a while, if time is what is usual', () => {
  const shape = shapesOf([pipeline]).pipelines.get(pipeline.name)!
  const { sloMs } = pipeline
  const doubt = createDoubt()
  assert.ok(!doubt.refused(shape, 2 * sloMs, sloMs, 1, 0), 'something is inside')
  assert.ok(!doubt.refused(shape, sloMs / 2, sloMs, 0, 0), 'it is not for what it takes')
  assert.ok(!doubt.refused(shape, sloMs / 2, sloMs / 20, 0, 0), 'nobody could do that')
  assert.ok(doubt.refused(shape, 50 * sloMs, sloMs, 0, 0))
  assert.ok(!doubt.refused(shape, 50 * sloMs, sloMs, 0, 200), 'it was a moment ago')
  assert.ok(doubt.refused(shape, 2 * sloMs, sloMs, 0, 300))
  doubt.ended(shape, 0, undefined, 3000)
  assert.ok(!doubt.refused(shape, 2 * sloMs, sloMs, 0, 3200), 'something ran')
  assert.ok(doubt.refused(shape, sloMs / 5, sloMs / 20, 0, 3300))
})

Deno.test('where a doubt was wrong the next waits twice as long, until one is in time', () => {
  const shape = shapesOf([pipeline]).pipelines.get(pipeline.name)!
  const { sloMs } = pipeline
  const doubt = createDoubt()
  let nowMs = 0
  /** How long after one ended it is doubted again. */
  const waited = (ended: number) => {
    for (nowMs = ended; nowMs < ended + 60_000; nowMs += 50) {
      if (doubt.refused(shape, 2 * sloMs, sloMs, 0, nowMs)) return nowMs - ended
    }
    return Infinity
  }
  const after = (inTime?: boolean) => {
    doubt.ended(shape, 0, inTime, nowMs += 100)
    return waited(nowMs)
  }
  assert.equal(waited(0), 0)
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(() => after(false)), [500, 1000, 2000, 4000, 8000, 8000])
  assert.equal(after(), 8000, 'it was called off: it shows nothing')
  assert.equal(after(true), 250)
  assert.equal(waited(nowMs + 250), 0, 'none was let in: it is doubted as soon again')
  doubt.ended(shape, 1, false, nowMs)
  doubt.ended(shape, 0, false, nowMs)
  assert.equal(waited(nowMs), 500, 'once, however many were too late')
})

Deno.test('pages full of lines do not have all that come after them refused for ever', () => {
  const scheduler = byHand()
  const open = new Set<number>()
  let nowMs = 1
  function handle(event: PolicyEvent): PolicyCommand[] {
    const commands = scheduler.handle(event, nowMs)
    for (const command of commands) if (command.type === 'dispatch') open.add(command.batch)
    return commands
  }
  const end = () => {
    for (const batch of open) {
      open.delete(batch)
      handle({ type: 'batch_failed', batch, message: 'called off' })
    }
  }
  const lines = Array.from({ length: 4000 }, (_, i) => i)
  for (let i = 0; i < 12; i++) {
    const [sent] = handle(asked(`full-${i}`, nowMs + 600_000))
      .filter((command) => command.type === 'dispatch')
    assert.ok(sent !== undefined)
    open.delete(sent.batch)
    nowMs += 100
    handle(finished(sent.batch, 1, lines))
    handle({ type: 'query_cancelled', query: `full-${i}` })
    end()
    nowMs += 2000
  }
  const said: string[] = []
  for (let i = 0; i < 40; i++) {
    nowMs += 1000
    const commands = handle(asked(`usual-${i}`, nowMs + 5000))
    const refused = commands.some(({ type }) => type === 'answer')
    said.push(refused ? 'refused' : 'let in')
    if (!refused) break
  }
  assert.equal(said[0], 'refused')
  assert.equal(said.at(-1), 'let in', `${said.length} times`)
})
