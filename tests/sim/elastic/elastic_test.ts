/** Elastic scaling in virtual time: who loses in which surge, and what it costs. */
import assert from 'node:assert/strict'
import { createScaler, type RulesName, type Stage } from '../../../src/peers/scalers.ts'
import { type ElasticScene, optionsOf, runElastic } from '../../../src/sim/elastic/run.ts'
import { runShoal } from '../../../src/sim/elastic/shoal_scene.ts'
import { stepsPerS } from '../../../src/sim/elastic/themis_scenes.ts'

/** 50, 83, 125 and 167 items a second with 1, 2, 4 and 8 cores. */
const latencyMs = (batch: number, cores: number) => batch * (16 / cores + 4)
const STAGE: Stage = {
  ...{ name: 'look', memoryGb: 1, cores: [1, 2, 4, 8], mostBatch: 1 },
  ...{ latencyMs, raisedMs: latencyMs },
}

const sceneWith = (about: Partial<ElasticScene>): ElasticScene => ({
  ...{ stages: [STAGE], sloMs: 100, coldMs: 5000, drops: 'hopeless', latencyCv: 0.05, seed: 1 },
  perS: stepsPerS([40, 10], [150, 30], [40, 20]),
  ...about,
})

function run(policy: string, about: Partial<ElasticScene> = {}, rules: RulesName = 'plain') {
  const scene = sceneWith(about)
  return runElastic(scene, createScaler(policy, optionsOf(scene), rules))
}

Deno.test('the same seed gives the same run, another seed another', () => {
  const one = run('themis', {}, 'head')
  assert.deepEqual(run('themis', {}, 'head'), one)
  assert.notDeepEqual(run('themis', { seed: 2 }, 'head'), one)
  assert.equal(one.roots, 10 * 40 + 30 * 150 + 20 * 40)
})

Deno.test('a surge that all cores carry: more instances are late by their cold start', () => {
  const [ours, tall, wide] = ['themis', 'vertical-early', 'horizontal'].map((one) => run(one)) as [
    ...[ReturnType<typeof run>, ReturnType<typeof run>, ReturnType<typeof run>],
  ]
  assert.ok(wide.violationRatio > 3 * ours.violationRatio, `${wide.violationRatio}`)
  assert.ok(Math.abs(tall.violationRatio - ours.violationRatio) < 0.01, `${tall.violationRatio}`)
  // In the end it needs three of one core, where one needs eight.
  assert.deepEqual([ours, tall, wide].map(({ coresAt }) => coresAt[35]), [3, 8, 3])
  assert.ok(ours.coreSeconds < tall.coreSeconds)
})

Deno.test('a surge beyond all cores: one instance loses all the time, more of them only at first', () => {
  const perS = stepsPerS([40, 10], [300, 30], [40, 20])
  const tall = run('vertical-early', { perS })
  const ours = run('themis', { perS })
  assert.ok(tall.violationRatio > 0.35, `${tall.violationRatio}`)
  assert.ok(ours.violationRatio < tall.violationRatio / 2, `${ours.violationRatio}`)
})

Deno.test('without a cold start instances are as quick as cores', () => {
  const wide = run('horizontal', { coldMs: 0 })
  const ours = run('themis', { coldMs: 0 })
  assert.ok(Math.abs(wide.violationRatio - ours.violationRatio) < 0.005)
})

Deno.test('cores are given up when those that take over are ready, and count from the start', () => {
  const { coresAt } = run('themis')
  // Eight at the surge, two more that start beside them, then three of one core.
  assert.equal(Math.max(...coresAt), 10)
  assert.ok(coresAt.slice(12, 15).every((cores) => cores === 10), coresAt.join(' '))
  assert.equal(coresAt[20], 3)
})

Deno.test('what waits for ever is lost, whether it is dropped or not', () => {
  const perS = stepsPerS([40, 5], [500, 20])
  for (const drops of ['own', 'hopeless'] as const) {
    const { late, dropped, violationRatio, roots } = run('vertical-early', { perS, drops })
    assert.equal(violationRatio, (late + dropped) / roots)
    assert.ok(violationRatio > 0.3)
  }
})

Deno.test('every policy by name serves three stages; a name that none has is refused', () => {
  const stages = ['first', 'second', 'third'].map((name) => ({ ...STAGE, name, mostBatch: 2 }))
  for (
    const policy of [
      ...['themis', 'themis-paper', 'horizontal', 'vertical', 'vertical-early', 'inferline'],
      'fixed',
    ]
  ) {
    const scene = sceneWith({ stages, sloMs: 500, perS: stepsPerS([30, 20], [35, 20]) })
    const { violationRatio } = runElastic(scene, createScaler(policy, optionsOf(scene)))
    assert.ok(violationRatio < 0.05, `${policy}: ${violationRatio}`)
  }
  assert.throws(() => createScaler('upward', optionsOf(sceneWith({}))), /there are themis/)
})

Deno.test("Shoal's scheduler has the same arrivals, and nodes that are scaled as instances are", () => {
  const scene = sceneWith({ stages: ['first', 'second'].map((name) => ({ ...STAGE, name })) })
  const ours = runShoal(scene, 'plain')
  assert.equal(ours.roots, run('themis').roots)
  assert.equal(ours.coresAt.length, 60)
  assert.ok(ours.coreSeconds >= 60 && ours.meanCores === ours.coreSeconds / 60)
  assert.ok(Math.max(...ours.coresAt) <= ours.mostCores)
  assert.deepEqual(runShoal(scene, 'plain'), ours)
  // Beyond all nodes there are, with all threads, somebody has to go without.
  const beyond = runShoal({ ...scene, coldMs: 1e6, perS: stepsPerS([40, 5], [800, 10]) }, 'plain')
  assert.ok(beyond.violationRatio > 0.1, `${beyond.violationRatio}`)
})
