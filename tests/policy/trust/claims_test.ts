/** A node that claims a speed it does not have is planned by what it was seen to do. */
import assert from 'node:assert/strict'
import { runTrust } from '../../../src/bench/trust/trust.ts'
import type { Batch } from '../../../src/policy/state/slots.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { createClaims } from '../../../src/policy/trust/claims.ts'
import type { PolicyEvent } from '../../../src/policy/core/types.ts'
import { refsOf, single } from '../fixtures.ts'

const scene = {
  ...{ lies: ['none', 'none', 'none'], honest: 7, own: 0, seconds: 90, rate: 25, seed: 3 },
  claims: { faster: 10, ownsUpTo: 0.1 },
}

Deno.test('a claimed speed is capped by what is observed', () => {
  const { slowerThanSaid, queriesUntilQuarantine, honestQuarantined } = runTrust(scene)
  assert.ok(slowerThanSaid > 2, `${slowerThanSaid}`)
  // It is slow, not false: its results are taken.
  assert.deepEqual(queriesUntilQuarantine, [null, null, null])
  assert.equal(honestQuarantined, 0)
})

/** A node that said that one item takes 10 ms; each of its batches took what is given. */
function claiming(duty = 1) {
  const shapes = shapesOf([single])
  const claims = createClaims(shapes)
  const [ref] = refsOf(single)
  const reported = {
    ...{ type: 'node_reported', node: 'a' } as const,
    profile: [{ ...ref!, points: [{ batch: 1, latencyMs: 10 }] }],
  }
  const saysMs = () => claims.reported(reported).profile![0]!.points[0]!.latencyMs
  saysMs()
  const slot = { node: { id: 'a', duty } }
  const batch = { slot, items: [{}], variant: shapes.find(ref!) } as unknown as Batch
  /** Says so much of one that was sent and heard of then; returns what is believed. */
  const ended = (computeMs: number, dispatchedMs: number, nowMs: number) => {
    const event = { type: 'batch_finished', computeMs, outcomes: [] } as unknown as Extract<
      PolicyEvent,
      { type: 'batch_finished' }
    >
    return claims.finished({ ...batch, dispatchedMs }, event, nowMs).computeMs
  }
  return { claims, saysMs, ended }
}

Deno.test('what a node reports is taken for so much slower as it was seen to be, while it is here', () => {
  const { claims, saysMs, ended } = claiming()
  for (let i = 0; i < 4; i++) ended(40, 100 * i, 100 * i + 50)
  // It may be chance.
  assert.equal(claims.slowerThanSaid('a'), 1)
  ended(40, 400, 450)
  assert.ok(Math.abs(claims.slowerThanSaid('a') - 4) < 1e-9)
  assert.ok(Math.abs(saysMs() - 40) < 1e-9)
  claims.left('a')
  assert.equal(claims.slowerThanSaid('a'), 1)
  assert.equal(saysMs(), 10)
})

Deno.test('who says less than is between two results is believed that no more', () => {
  const { claims, ended } = claiming()
  ended(10, 0, 100)
  // Each waited there while the one before it ran.
  const believed = Array.from({ length: 6 }, (_, i) => ended(10, 100 * i + 50, 100 * i + 200))
  assert.ok(claims.slowerThanSaid('a') > 2)
  assert.equal(believed.at(-1), 100)
})

Deno.test('who is a little slower, or gives a part of the time, claims nothing', () => {
  for (const [ms, duty] of [[14, 1], [100, 0.5]] as const) {
    const { claims, saysMs, ended } = claiming(duty)
    for (let i = 0; i < 10; i++) ended(ms, 1000 * i, 1000 * i + ms)
    assert.equal(claims.slowerThanSaid('a'), 1)
    assert.equal(saysMs(), 10)
  }
})
