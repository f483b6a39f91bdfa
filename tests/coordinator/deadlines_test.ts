import assert from 'node:assert/strict'
import { createDeadlines } from '../../src/coordinator/core/deadlines.ts'

Deno.test('each deadline is told once, and one that is called off never', async () => {
  let nowMs = 0
  const deadlines = createDeadlines(() => nowMs)
  const told: string[] = []
  const at = (atMs: number, name: string) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const callOff = deadlines.at(atMs, () => {
      told.push(name)
      resolve()
    })
    return { callOff, promise }
  }
  const first = at(1, 'first')
  at(1, 'called off').callOff()
  at(1, 'beside it')
  const second = at(2, 'second')
  nowMs = 1
  await first.promise
  assert.deepEqual(told, ['first', 'beside it'])
  // It is over: nothing is left of it to call off.
  first.callOff()
  nowMs = 2
  await second.promise
  assert.deepEqual(told, ['first', 'beside it', 'second'])
  deadlines.stop()
})
