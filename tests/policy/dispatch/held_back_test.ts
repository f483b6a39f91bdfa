/** Items that wait for a better variant which is being loaded. */
import assert from 'node:assert/strict'
import { createPool, nodeOf, ocr } from '../fixtures.ts'

const QUICK = ['small', 'tiny']

/** One node holds what is quickest alone; another has just begun to load, the best first. */
function loading(spec: Parameters<typeof nodeOf>[2] = {}) {
  const pool = createPool([ocr], { childCount: () => 2 })
  const weak = nodeOf('weak', [ocr])
  pool.join({ ...weak, able: weak.able.filter(({ variant }) => QUICK.includes(variant)) })
  pool.run(1000)
  pool.join(nodeOf('strong', [ocr], { loadMs: 700, ...spec }))
  return pool
}

function answered(pool: ReturnType<typeof loading>, query: string) {
  const { atMs, answer } = pool.answers.get(query)![0]!
  assert.ok(answer.ok, `${query} was not answered`)
  return { atMs, path: answer.path }
}

const BEST = { detect: { large: 1 }, read: { big: 2 } }
const QUICKEST = { detect: { small: 1 }, read: { tiny: 2 } }

Deno.test('a query waits for the best variants while its deadline leaves time for their loads', () => {
  const pool = loading()
  for (const query of ['a', 'b', 'c']) pool.ask(query, 'ocr', 8000)
  pool.run(10_000)
  for (const query of ['a', 'b', 'c']) {
    const { atMs, path } = answered(pool, query)
    assert.deepEqual(path, BEST)
    assert.ok(atMs > 1000 + 2 * 700)
  }
})

Deno.test('one that has no time for that is answered at once by what there is', () => {
  const pool = loading()
  pool.ask('q', 'ocr', 900)
  pool.run(10_000)
  const { atMs, path } = answered(pool, 'q')
  assert.deepEqual(path, QUICKEST)
  assert.ok(atMs < 1000 + 200)
})

Deno.test('one that waited for loads that take much longer is in time all the same', () => {
  const pool = loading({ loadMs: 60_000 })
  pool.ask('q', 'ocr', 8000)
  pool.run(10_000)
  const { atMs, path } = answered(pool, 'q')
  assert.deepEqual(path, QUICKEST)
  assert.ok(atMs > 1000 + 1000 && atMs < 1000 + 8000)
})

Deno.test('nobody waits any longer for what could not be loaded', () => {
  const pool = loading({ faults: { loadFailRatio: 1 } })
  pool.ask('q', 'ocr', 60_000)
  pool.run(61_000)
  const { atMs, path } = answered(pool, 'q')
  assert.deepEqual(path, QUICKEST)
  assert.ok(atMs < 10_000)
})

Deno.test('where more is inside than could wait, nobody does', () => {
  const pool = loading()
  for (let i = 0; i < 40; i++) pool.ask(`q${i}`, 'ocr', 8000)
  pool.run(10_000)
  assert.deepEqual(answered(pool, 'q0').path['detect'], QUICKEST.detect)
  assert.equal([...pool.answers.values()].filter(([one]) => one!.answer.ok).length, 40)
})
