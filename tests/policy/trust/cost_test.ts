/** The cost of checks for honest nodes. */
import assert from 'node:assert/strict'
import { createScene, refs } from './scene.ts'

Deno.test('own nodes are not checked, and nothing else changes for them', () => {
  const run = (trust: boolean) => {
    const scene = createScene({ trust })
    scene.node('a', { own: true })
    scene.node('b', { own: true, slowness: 2 })
    scene.wait(500)
    scene.ask(40, 120)
    scene.wait(3000)
    const sent = scene.dispatched().map(({ node, slot, task, variant, items, giveUpMs }) => (
      { node, slot, task, variant, items, giveUpMs }
    ))
    return { answers: [...scene.answers], sent }
  }
  assert.deepEqual(run(true), run(false))
})

Deno.test('results are taken at once if no other node can check them', () => {
  const run = (trust: boolean) => {
    const scene = createScene({ trust })
    scene.node('only')
    scene.wait(500)
    scene.ask(20)
    scene.wait(3000)
    return [...scene.answers].map(([query, [first]]) => [query, first!.atMs, first!.answer.ok])
  }
  assert.deepEqual(run(true), run(false))
})

Deno.test('the share of results checked falls with each check passed', () => {
  const scene = createScene()
  for (const id of ['a', 'b', 'c']) scene.node(id)
  scene.wait(500)
  const shares: number[] = []
  for (let i = 0; i < 6; i++) {
    const before = { ...scene.scheduler.stats().extra! }
    scene.ask(60, 150)
    const { items, replicas, canaries } = scene.scheduler.stats().extra!
    const extra = replicas + canaries - before.replicas - before.canaries
    shares.push(extra / (items - before.items))
  }
  // With 90 passed, (10 / 90) ** 1.5 of the results are checked, and a canary comes now and then.
  assert.ok(shares[0]! > 0.15 && shares[4]! < 0.06 && shares[5]! < 0.06, shares.join(' '))
  for (const id of ['a', 'b', 'c']) assert.equal(scene.trustOf(id)!.standing, 'trusted')
  assert.deepEqual(scene.violations, [])
})

Deno.test('canaries look like other batches: a held variant, and time to run it', () => {
  const scene = createScene()
  scene.node('own', { own: true })
  scene.node('new')
  scene.wait(3000)
  const canaries = scene.dispatched().filter(({ node }) => node === 'new')
  assert.ok(canaries.length >= 3)
  for (const { items, deadlineMs, giveUpMs, expectedMs } of canaries) {
    assert.ok(items.length >= 1)
    assert.ok(deadlineMs > 0 && giveUpMs > expectedMs)
  }
  // None of them twice to one node: it might remember.
  for (const { task, variant } of refs) {
    const asked = canaries.filter((one) => one.task === task && one.variant === variant)
      .flatMap(({ items }) => items.map(({ payload }) => payload))
    assert.equal(new Set(asked).size, asked.length)
  }
  assert.ok(scene.trustOf('new')!.passed >= 3)
})

Deno.test('learned values of nodes are given to the next scheduler', () => {
  const first = createScene()
  first.node('own', { own: true })
  first.node('a', { slowness: 2 })
  first.wait(1000)
  first.ask(100, 150)
  assert.equal(first.trustOf('a')!.standing, 'trusted')
  const memory = JSON.parse(JSON.stringify(first.scheduler.memory()))
  assert.ok(
    memory.profiles.length === 2 && memory.fanOuts.length > 0 && memory.reputations.length === 1,
  )
  const next = createScene({ memory })
  next.node('own', { own: true })
  next.node('a', { slowness: 2 })
  next.wait(100)
  // Its record counts once a few checks were passed: another node may have joined by its name.
  assert.equal(next.trustOf('a')!.standing, 'proving')
  next.ask(30, 150)
  assert.equal(next.trustOf('a')!.standing, 'trusted')
  assert.ok(next.trustOf('a')!.passed > first.trustOf('a')!.passed)
})
