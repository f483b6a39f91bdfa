/** Proven lies count for a node's whole life, and for later nodes of its voter. */
import assert from 'node:assert/strict'
import { runTrust } from '../../../src/bench/trust/trust.ts'
import { trust as params } from '../../../src/policy/trust/params.ts'
import { Reputations } from '../../../src/policy/trust/reputations.ts'
import { fail, pass } from '../../../src/policy/trust/reputation.ts'
import { createScene, liar } from './scene.ts'

const ref = { pipeline: 'p', task: 't', variant: 'v' }

/** A scene with a caught node of one voter. */
function caughtAt(voter: string) {
  const reputations = new Reputations(() => {})
  const join = (id: string, from: string) => {
    reputations.join(id, false, from)
    return reputations.get(id)!
  }
  join('liar', voter)
  reputations.change('liar', (one) => fail(one, params.tooSuspect, 'wrong'))
  return { reputations, join }
}

Deno.test('a new node id of a caught voter is quarantined at its first lie', () => {
  const { reputations, join } = caughtAt('x')
  for (const [id, voter] of [['next', 'x'], ['other', 'y']] as const) {
    join(id, voter)
    reputations.change(id, (one) => fail(one, 1, 'wrong'))
  }
  assert.equal(reputations.standingOf('next'), 'quarantined')
  assert.equal(reputations.standingOf('other'), 'proving')
})

Deno.test('known answers, and time, clear the record of a caught voter', () => {
  const { reputations, join } = caughtAt('x')
  const next = join('next', 'x')
  for (let i = 0; i < params.inherited / params.forgiven; i++) {
    reputations.change('next', (one) => pass(one, true, ref))
  }
  assert.equal(next.suspicion, 0)
  reputations.nowMs += params.recordMs
  assert.equal(join('later', 'x').suspicion, 0)
})

Deno.test('honest nodes behind the address of a liar become trusted by known answers alone', () => {
  const scene = createScene({ audited: true })
  scene.node('auditor', { judge: true })
  scene.node('liar', { says: liar(), voter: 'x' })
  scene.wait(20_000)
  assert.equal(scene.trustOf('liar')!.standing, 'quarantined')
  scene.node('honest', { voter: 'x' })
  assert.match(scene.trustOf('honest')!.reason, /quarantined/)
  scene.wait(20_000)
  assert.equal(scene.trustOf('honest')!.standing, 'trusted')
})

Deno.test('a trusted node that lies once in a hundred times is quarantined for good in the end', () => {
  const scene = createScene({ audited: true })
  const lie = liar()
  let said = 0
  scene.node('auditor', { judge: true })
  scene.node('a', {
    slots: 2,
    says(truth, payload, of, nowMs) {
      const isLie = nowMs >= 20_000 && ++said % 100 === 0
      return isLie ? lie(truth, payload, of, nowMs) : truth
    },
  })
  scene.wait(20_000)
  assert.equal(scene.trustOf('a')!.standing, 'trusted')
  let asked = 0
  const standing = () => scene.trustOf('a')!.standing
  while (standing() !== 'quarantined' && asked < 20_000) {
    scene.ask(20, 150)
    asked += 20
  }
  assert.equal(scene.trustOf('a')!.lies, params.mostLies)
  assert.equal(standing(), 'quarantined')
})

Deno.test('honest nodes on different backends are never proven wrong', () => {
  const { answered, honestLies, honestQuarantined } = runTrust({
    ...{ lies: [], honest: 6, own: 1, seconds: 50, rate: 10, seed: 7, mixed: true },
  })
  assert.ok(answered > 300)
  assert.deepEqual([honestLies, honestQuarantined], [0, 0])
})

Deno.test('proven lies of a node are remembered over a restart', () => {
  const { reputations, join } = caughtAt('x')
  join('other', 'y')
  reputations.change('other', (one) => fail(one, 0, 'wrong', true))
  const next = new Reputations(() => {})
  next.remember(reputations.changed())
  next.join('other', false)
  assert.equal(next.get('other')!.lies, 1)
})
