/** Batches begun once more: on one node alone, not too many, and which of the two counts. */
import assert from 'node:assert/strict'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { PolicyCommand, PolicyEvent } from '../../../src/policy/core/types.ts'
import { finished } from '../by_hand.ts'
import { refsOf, single } from '../fixtures.ts'

type Of<T extends PolicyCommand['type']> = Extract<PolicyCommand, { type: T }>

/** Nodes that say nothing by themselves. */
function silentPool(count: number, perS = 0) {
  const startPerS = { single: perS }
  const scheduler = createScheduler({ pipelines: [single], hedge: true, startPerS })
  const able = refsOf(single)
  const all: PolicyCommand[] = []
  let wakeAtMs = 0
  function tell(event: PolicyEvent, nowMs: number): PolicyCommand[] {
    const commands = scheduler.handle(event, nowMs)
    all.push(...commands)
    for (const command of commands) if (command.type === 'wake_at') wakeAtMs = command.atMs
    return commands
  }
  for (let i = 0; i < count; i++) {
    const node = `n${i}`
    tell({ type: 'node_joined', node, slots: 1, duty: 1, able }, 0)
    for (const ref of able) tell({ type: 'instance_ready', node, slot: 0, ...ref }, 0)
  }
  const sent = () => all.filter((one) => one.type === 'dispatch') as Of<'dispatch'>[]
  return {
    tell,
    sent,
    hedges: () => scheduler.stats().extra!.hedges,
    ask: (query: string, nowMs: number) =>
      tell({
        ...{ type: 'query_arrived', query, pipeline: 'single', deadlineMs: 60_000 },
        payload: query,
      }, nowMs),
    /** Until something holds, or a batch is given up. Returns the time. */
    wakeUntil(holds: () => boolean): number {
      let nowMs = 0
      for (let i = 0; i < 5000 && !holds(); i++) {
        nowMs = wakeAtMs
        const commands = tell({ type: 'wake' }, nowMs)
        if (commands.some(({ type }) => type === 'cancel_batch')) break
      }
      return nowMs
    },
  }
}

/** One that is late, and what was begun in its place. */
function twins() {
  const pool = silentPool(2)
  pool.ask('q', 1)
  const nowMs = pool.wakeUntil(() => pool.sent().length > 1)
  const [late, twin] = pool.sent()
  assert.ok(twin !== undefined && twin.node !== late!.node)
  return { ...pool, late: late!.batch, twin: twin.batch, nowMs }
}

const told = (commands: readonly PolicyCommand[]) =>
  commands.flatMap((one) =>
    one.type === 'answer'
      ? [`answer ${one.answer.ok}`]
      : one.type === 'cancel_batch'
      ? [`cancel ${one.batch}`]
      : one.type === 'dispatch'
      ? ['dispatch']
      : []
  )

Deno.test('a late batch is hedged on one of many idle nodes', () => {
  const pool = silentPool(6)
  pool.ask('q', 1)
  const nowMs = pool.wakeUntil(() => pool.hedges() > 0)
  assert.equal(pool.sent().length, 2)
  // It is looked at again as another is late.
  pool.ask('r', nowMs)
  pool.wakeUntil(() => false)
  assert.equal(pool.hedges(), 2)
})

Deno.test('four of many batches that are late together are hedged', () => {
  // So many are expected that nodes are awake.
  const pool = silentPool(20, 150)
  for (let i = 0; i < 10; i++) pool.ask(`q${i}`, 1 + i)
  const before = pool.sent().length
  assert.ok(before > 4, `${before} batches`)
  pool.wakeUntil(() => false)
  assert.equal(pool.sent().length - before, 4)
})

Deno.test('the first result of a batch and its hedge counts, and the other is cancelled', () => {
  const { tell, late, twin, nowMs } = twins()
  assert.deepEqual(told(tell(finished(twin), nowMs)).sort(), ['answer true', `cancel ${late}`])
  assert.deepEqual(told(tell(finished(late), nowMs + 50)), [])
  const other = twins()
  const commands = other.tell(finished(other.late), other.nowMs)
  assert.deepEqual(told(commands).sort(), ['answer true', `cancel ${other.twin}`])
  assert.deepEqual(told(other.tell(finished(other.twin), other.nowMs + 50)), [])
})

Deno.test('a batch is waited for while its hedge runs, though its own node failed, and vice versa', () => {
  const failed = { ok: false, fatal: false, reason: 'internal', message: 'no' } as const
  const { tell, late, twin, nowMs } = twins()
  const ended = { ...finished(twin), outcomes: [failed] } as PolicyEvent
  assert.deepEqual(told(tell(ended, nowMs)), [])
  assert.deepEqual(told(tell(finished(late), nowMs + 1)), ['answer true'])
  const other = twins()
  const lost = { type: 'batch_failed', batch: other.late, message: 'no' } as const
  assert.deepEqual(told(other.tell(lost, other.nowMs)), [])
  assert.deepEqual(told(other.tell(finished(other.twin), other.nowMs + 1)), ['answer true'])
})
