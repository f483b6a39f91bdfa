/** Batches in flight without open queries, or behind a hanging one. */
import assert from 'node:assert/strict'
import { createFlights, type Member } from '../../../src/policy/state/flights.ts'
import { DEFAULT_LIMITS } from '../../../src/policy/core/options.ts'
import { type Batch, type PoolNode, Slot } from '../../../src/policy/state/node.ts'
import { isCoolingDown } from '../../../src/policy/state/slots.ts'
import { Profile } from '../../../src/policy/estimate/profile.ts'
import { createQuery } from '../../../src/policy/state/query.ts'
import { createWaiting } from '../../../src/policy/state/waiting.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { single } from '../fixtures.ts'

/** A slot, and the commands about its batches. */
function scene() {
  const shapes = shapesOf([single])
  const shape = shapes.pipelines.get('single')!
  const profile = new Profile()
  const waiting = createWaiting(shapes)
  const told: string[] = []
  const flights = createFlights({
    ...{ shapes, limits: DEFAULT_LIMITS, profile, waiting },
    emit: (command) =>
      void (command.type === 'cancel_batch' && told.push(`cancel ${command.batch}`)),
    changed: () => {},
    exhausted: () => {},
    extraLost: ({ id }) => void told.push(`lost ${id}`),
  })
  const node = {
    id: 'a',
    times: profile.of('a'),
    inUse: { slots: 1, duty: 1 },
    paused: false,
    batches: 0,
    items: 0,
  }
  const slot = new Slot(node as unknown as PoolNode, 0)
  const [prefix] = shape.start.prefixes
  let seq = 0

  /** Sends one item of a query of its own to the slot. */
  function send(nowMs: number) {
    const [deadlineMs, slackMs] = [1e6, 1e6]
    const query = createQuery({
      ...{ id: `q${seq}`, seq: seq++, shape, deadlineMs, slackMs },
      ...{ minAccuracy: undefined, payload: null },
    }, nowMs)
    waiting.addNew([query.root], nowMs)
    flights.send(slot, [{ item: query.root, choice: { prefix } } as Member], false, nowMs)
    return query.root
  }
  const batchOf = ({ batch }: { batch: number | null }): Batch => flights.batches.get(batch!)!
  const sendExtra = (nowMs: number) => {
    const extra = { items: [{ query: '', payload: null }], deadlineMs: 1e6 }
    return flights.sendExtra(slot, prefix!.variant, extra, nowMs)
  }
  return { flights, waiting, slot, told, send, sendExtra, batchOf, variant: prefix!.variant }
}

Deno.test('an item taken back from behind a batch waits as if it had not been sent', () => {
  const { flights, waiting, slot, told, send, sendExtra } = scene()
  const first = send(0)
  const behind = send(1)
  const gone = send(2)
  gone.query.closed = true
  const extra = sendExtra(3)
  flights.takeBack(slot, 10)
  assert.deepEqual(told, ['cancel 2', 'cancel 3', `cancel ${extra.id}`, `lost ${extra.id}`])
  assert.deepEqual([first.state, first.attempts], ['running', 1])
  assert.deepEqual([behind.state, behind.attempts, behind.batch], ['queued', 0, null])
  assert.equal(waiting.total, 1)
  assert.deepEqual(slot.batches.map(({ id }) => id), [first.batch])
})

Deno.test('each of several batches on a hanging slot is cancelled once', () => {
  const { flights, slot, told, send, batchOf, variant } = scene()
  const items = [send(0), send(1), send(2)]
  const nowMs = Math.max(...items.map((item) => batchOf(item).giveUpAtMs))
  flights.sweep(nowMs)
  assert.deepEqual(told.toSorted(), ['cancel 1', 'cancel 2', 'cancel 3'])
  assert.ok(items.every(({ state }) => state === 'queued'))
  assert.deepEqual(items.map(({ attempts }) => attempts), [1, 0, 0])
  assert.equal(isCoolingDown(slot, variant, nowMs), true)
  // No report came on the running batch.
  flights.sweep(flights.nextSweepMs())
  assert.deepEqual(slot.batches, [])
  assert.equal(told.length, 3)
})

Deno.test('a batch that ended or was cancelled is not cancelled again', () => {
  const { flights, told, send, batchOf } = scene()
  const ended = batchOf(send(0))
  flights.end(ended.id, 10)
  flights.callOff(ended, 11)
  assert.deepEqual(told, [])
  const item = send(12)
  const batch = batchOf(item)
  flights.callOff(batch, 20)
  assert.equal(flights.nextSweepMs(), batch.abandonedUntilMs)
  flights.callOff(batch, 21)
  item.query.closed = true
  flights.forget(item, 22)
  assert.deepEqual(told, [`cancel ${batch.id}`])
})
