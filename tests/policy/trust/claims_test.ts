/** A node that claims a speed it does not have is planned by what it was seen to do. */
import assert from 'node:assert/strict'
import { runTrust } from '../../../src/cli/bench/trust.ts'

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
