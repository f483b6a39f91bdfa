/** Who is asked for known answers, and what becomes of those that were answered otherwise. */
import assert from 'node:assert/strict'
import type { PoolNode } from '../../../src/policy/state/slots.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import type { Check } from '../../../src/policy/trust/check.ts'
import { createKnownAnswers } from '../../../src/policy/trust/known.ts'
import { pass } from '../../../src/policy/trust/word.ts'
import { createWords } from '../../../src/policy/trust/words.ts'
import { single } from '../fixtures.ts'

/** Of some inputs the answer is known; returns who is asked for it, and the checks. */
function scene(inputs = 1) {
  const shapes = shapesOf([single])
  const [variant] = shapes.variants
  const words = createWords(() => {}, () => 0.5)
  const nodes = new Map<string, PoolNode>()
  const checks: Check[] = []
  const known = createKnownAnswers({
    ...{ options: { random: () => 0.5, agree: () => true }, shapes, nodes, words },
    knows: () => false,
    begin(given) {
      checks.push(given as Check)
      return given as Check
    },
  })
  const said = { outcome: { ok: true, result: 1, children: {} }, backend: 'wasm' } as const
  for (let i = 0; i < inputs; i++) known.note(variant!, `input ${i}`, said, [])
  return {
    ...{ known, words, checks },
    join(id: string, trusted: boolean) {
      words.join(id, false, 0)
      const slots = [{ held: new Set([variant!]) }]
      nodes.set(id, { id, paused: false, slots } as unknown as PoolNode)
      if (!trusted) return
      for (let i = 0; i < 10; i++) words.change(id, (word) => pass(word, false, variant!.ref))
    },
    /** After a while. */
    askedAt(nowMs: number) {
      checks.length = 0
      known.tick(nowMs)
      return checks.map(({ target }) => target)
    },
  }
}

Deno.test('a node is asked for one known answer at a time, and for none twice', () => {
  const { known, words, checks, join, askedAt } = scene(2)
  join('a', false)
  assert.deepEqual(askedAt(0), [])
  const presence = words.present.get('a')!
  presence.paused = true
  assert.deepEqual(askedAt(900), [])
  presence.paused = false
  assert.deepEqual(askedAt(1000), ['a'])
  const [first] = checks
  assert.deepEqual(askedAt(100_000), [])
  known.ended(first!, false, 100_000)
  assert.deepEqual(askedAt(200_000), ['a'])
  const [second] = checks
  assert.notEqual(second!.items[0]!.payload, first!.items[0]!.payload)
  known.ended(second!, false, 200_000)
  assert.deepEqual(askedAt(300_000), [])
})

Deno.test('what a trusted node says otherwise is no known answer any more; of others it stays one', () => {
  for (const trusted of [true, false]) {
    const { known, checks, join, askedAt } = scene()
    join('a', trusted)
    assert.deepEqual(askedAt(1000), ['a'])
    known.ended(checks[0]!, true, 1000)
    join('b', false)
    assert.deepEqual(askedAt(100_000), trusted ? [] : ['b'])
  }
})

Deno.test('who left while it was asked is waited for no more', () => {
  const { known, checks, join, words, askedAt } = scene()
  join('a', false)
  assert.deepEqual(askedAt(1000), ['a'])
  const [check] = checks
  words.leave('a')
  known.ended(check!, true, 2000)
  assert.deepEqual(askedAt(3000), [])
  join('b', false)
  assert.deepEqual(askedAt(100_000), ['b'])
})
