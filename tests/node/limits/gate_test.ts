import { deepEqual, equal } from 'node:assert/strict'
import { createGate } from '../../../src/node/limits/gate.ts'
import { createTestClock } from '../clock.ts'

function fixture() {
  const clock = createTestClock()
  const moves: string[] = []
  const gate = createGate(clock, (closed) => moves.push(`${clock.nowMs()} ${closed}`))
  return { clock, gate, moves }
}

Deno.test('gate moves only once the signal has stayed', async () => {
  const { clock, gate, moves } = fixture()
  gate.feed('bad', 1000)
  await clock.advance(999)
  equal(gate.closed, false)
  await clock.advance(1)
  equal(gate.closed, true)
  gate.feed('good', 500)
  await clock.advance(500)
  deepEqual(moves, ['1000 true', '1500 false'])
})

Deno.test('gate does not flap with a signal that trembles', async () => {
  const { clock, gate, moves } = fixture()
  for (let i = 0; i < 100; i++) {
    gate.feed(i % 2 === 0 ? 'bad' : 'good', 1000)
    await clock.advance(999)
  }
  deepEqual(moves, [])
})

Deno.test('gate stays as it is between the thresholds', async () => {
  const { clock, gate, moves } = fixture()
  gate.feed('bad', 1000)
  await clock.advance(500)
  gate.feed('between', 0)
  await clock.advance(5000)
  deepEqual(moves, [])
  gate.feed('bad', 0)
  gate.feed('good', 1000)
  await clock.advance(500)
  gate.feed('between', 0)
  await clock.advance(5000)
  equal(gate.closed, true)
})

Deno.test('gate told the same again waits no longer, and less where it gets worse', async () => {
  const { clock, gate, moves } = fixture()
  gate.feed('bad', 1000)
  await clock.advance(600)
  gate.feed('bad', 1000)
  await clock.advance(400)
  deepEqual(moves, ['1000 true'])

  gate.feed('good', 0)
  gate.feed('bad', 1000)
  await clock.advance(100)
  gate.feed('bad', 200)
  await clock.advance(200)
  equal(moves.at(-1), '1300 true')
})

Deno.test('gate that was stopped moves no more', async () => {
  const { clock, gate, moves } = fixture()
  gate.feed('bad', 1000)
  gate.stop()
  await clock.advance(5000)
  deepEqual(moves, [])
})
