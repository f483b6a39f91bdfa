/** Hedges: on one node only, not too many, and which of the two results counts. */
import assert from 'node:assert/strict'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { PolicyCommand, PolicyEvent } from '../../../src/policy/core/types.ts'
import { finished } from '../by_hand.ts'
import { refsOf, single } from '../fixtures.ts'

type Of<T extends PolicyCommand['type']> = Extract<PolicyCommand, { type: T }>

/** Nodes that report nothing by themselves. */
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
    /** Wakes until a condition holds, or a batch is given up. Returns the time. */
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

/** A late batch, and its hedge. */
function hedged() {
  const pool = silentPool(2)
  pool.ask('q', 1)
  const nowMs = pool.wakeUntil(() => pool.sent().length > 1)
  const [late, hedge] = pool.sent()
  assert.ok(hedge !== undefined && hedge.node !== late!.node)
  return { ...pool, late: late!.batch, hedge: hedge.batch, nowMs }
}

const reactions = (commands: readonly PolicyCommand[]) =>
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
  // The pool looks again when another batch is late.
  pool.ask('r', nowMs)
  pool.wakeUntil(() => false)
  assert.equal(pool.hedges(), 2)
})

Deno.test('four of many batches that are late together are hedged', () => {
  // The expected demand keeps nodes awake.
  const pool = silentPool(20, 150)
  for (let i = 0; i < 10; i++) pool.ask(`q${i}`, 1 + i)
  const before = pool.sent().length
  assert.ok(before > 4, `${before} batches`)
  pool.wakeUntil(() => false)
  assert.equal(pool.sent().length - before, 4)
})

Deno.test('the first result of a batch and its hedge counts, and the other is cancelled', () => {
  const { tell, late, hedge, nowMs } = hedged()
  assert.deepEqual(reactions(tell(finished(hedge), nowMs)).sort(), [
    'answer true',
    `cancel ${late}`,
  ])
  assert.deepEqual(reactions(tell(finished(late), nowMs + 50)), [])
  const other = hedged()
  const commands = other.tell(finished(other.late), other.nowMs)
  assert.deepEqual(reactions(commands).sort(), ['answer true', `cancel ${other.hedge}`])
  assert.deepEqual(reactions(other.tell(finished(other.hedge), other.nowMs + 50)), [])
})

Deno.test('a batch is waited for while its hedge runs, though its own node failed, and vice versa', () => {
  const failed = { ok: false, fatal: false, reason: 'internal', message: 'no' } as const
  const { tell, late, hedge, nowMs } = hedged()
  const ended = { ...finished(hedge), outcomes: [failed] } as PolicyEvent
  assert.deepEqual(reactions(tell(ended, nowMs)), [])
  assert.deepEqual(reactions(tell(finished(late), nowMs + 1)), ['answer true'])
  const other = hedged()
  const lost = { type: 'batch_failed', batch: other.late, message: 'no' } as const
  assert.deepEqual(reactions(other.tell(lost, other.nowMs)), [])
  assert.deepEqual(reactions(other.tell(finished(other.hedge), other.nowMs + 1)), ['answer true'])
})
