/** A node that reports a false speed is planned by its measured one. */
import assert from 'node:assert/strict'
import { runTrust } from '../../../src/bench/trust/trust.ts'
import type { Batch } from '../../../src/policy/state/node.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { Claims } from '../../../src/policy/trust/claims.ts'
import { finished } from '../by_hand.ts'
import { refsOf, single } from '../fixtures.ts'

// Demand is so high that batches wait at nodes: only there do their times show, and do harm.
const scene = {
  ...{ lies: ['none', 'none', 'none'], honest: 7, own: 0, seconds: 60, rate: 60, seed: 3 },
  claims: { faster: 10, ownsUpTo: 0.1 },
}

Deno.test('a reported speed is limited by the measured one', () => {
  const { slowerThanSaid, queriesUntilQuarantine, honestQuarantined } = runTrust(scene)
  assert.ok(slowerThanSaid > 2, `${slowerThanSaid}`)
  // It is slow, not wrong: its results are taken.
  assert.deepEqual(queriesUntilQuarantine, [null, null, null])
  assert.equal(honestQuarantined, 0)
})

/** A node that reported 10 ms per item; each of its batches took the given time by the clock. */
function claiming(duty = 1) {
  const shapes = shapesOf([single])
  const claims = new Claims(shapes)
  const [ref] = refsOf(single)
  const reported = {
    ...{ type: 'node_reported', node: 'a' } as const,
    profile: [{ ...ref!, points: [{ batch: 1, latencyMs: 10 }] }],
  }
  const saysMs = () => claims.reported(reported).profile![0]!.points[0]!.latencyMs
  saysMs()
  const batch = {
    slot: { node: { id: 'a', inUse: { duty } } },
    items: [{}],
    variant: shapes.find(ref!),
  }
  const took = (computeMs: number) => {
    const event = { ...finished(1), computeMs, outcomes: [] } as Parameters<Claims['finished']>[1]
    claims.finished(batch as unknown as Batch, event)
  }
  return { claims, saysMs, took }
}

Deno.test("a present node's reported latency is raised by its measured slowness", () => {
  const { claims, saysMs, took } = claiming()
  for (let i = 0; i < 4; i++) took(40)
  // A single batch may be chance.
  assert.equal(claims.slowerThanSaid('a'), 1)
  took(40)
  assert.ok(Math.abs(claims.slowerThanSaid('a') - 4) < 1e-9)
  assert.ok(Math.abs(saysMs() - 40) < 1e-9)
  claims.left('a')
  assert.equal(claims.slowerThanSaid('a'), 1)
  assert.equal(saysMs(), 10)
})

Deno.test('a node that is slightly slower, or has a duty below 1, makes no false claim', () => {
  for (const [ms, duty] of [[14, 1], [100, 0.5]] as const) {
    const { claims, saysMs, took } = claiming(duty)
    for (let i = 0; i < 10; i++) took(ms)
    assert.equal(claims.slowerThanSaid('a'), 1)
    assert.equal(saysMs(), 10)
  }
})
