/** In a large pool that cannot hold all variants, a finished load does not cause a check of all slots. */
import assert from 'node:assert/strict'
import { planOf } from '../../../src/policy/place/planner.ts'
import { place } from '../../../src/policy/place/place.ts'
import type { Placement } from '../../../src/policy/place/problem.ts'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { PolicyEvent, VariantRef } from '../../../src/policy/core/types.ts'
import { refsOf, single } from '../fixtures.ts'

const NODES = 300
const LOAD_MS = 500
const [quick, exact] = refsOf(single)

/** A pool of nodes with room for one variant, with plans from the test. */
function createTight() {
  const scheduler = createScheduler({ pipelines: [single] })
  /** The variant each node holds, and the loads under way. */
  const holds = new Map<string, string>()
  let loads: { atMs: number; event: Extract<PolicyEvent, { type: 'instance_ready' }> }[] = []
  let nowMs = 0
  let wakeAtMs = Infinity
  let looks = 0

  function post(event: PolicyEvent): void {
    for (const command of scheduler.handle(event, nowMs)) {
      if (command.type === 'wake_at') wakeAtMs = command.atMs
      if (command.type !== 'load') continue
      loads.push({ atMs: nowMs + LOAD_MS, event: { ...command, type: 'instance_ready' } })
    }
  }

  for (let i = 0; i < NODES; i++) {
    const able = refsOf(single).map((ref) => ({ ...ref, memoryBytes: 1 }))
    const node = { node: `n${i}`, slots: 1, duty: 1, memoryBytes: 1, swapRoom: true }
    post({ type: 'node_joined', ...node, able })
  }
  return {
    holds,
    get looks() {
      return looks
    },
    run(untilMs: number): void {
      for (;;) {
        const [load] = loads
        nowMs = Math.max(nowMs, Math.min(wakeAtMs, load?.atMs ?? Infinity))
        if (nowMs > untilMs) return void (nowMs = untilMs)
        if (load === undefined || load.atMs > nowMs) {
          wakeAtMs = Infinity
          post({ type: 'wake' })
          continue
        }
        loads = loads.slice(1)
        holds.set(load.event.node, load.event.variant)
        post(load.event)
      }
    },
    /** All nodes should hold this variant; `atOnce` of them change at a time. */
    plan(variant: VariantRef, atOnce: number): void {
      const placement: Placement = {
        ...place({ pipelines: [], classes: [] }),
        classes: [{
          ...{ class: 'class-1', awake: NODES, standby: 0, resting: 0, standbySets: [] },
          sets: [{ slots: NODES, variants: [variant] }],
        }],
        get atOnce() {
          looks++
          return atOnce
        },
      }
      post({ type: 'plan_ready', plan: planOf(1, placement) })
    },
  }
}

Deno.test('many loads that end together cause one check of all slots, and the next loads begin', () => {
  const pool = createTight()
  pool.run(1000)
  pool.plan(quick!, NODES)
  pool.run(5000)
  assert.deepEqual(new Set(pool.holds.values()), new Set([quick!.variant]))
  const before = pool.looks
  pool.plan(exact!, NODES / 10)
  pool.run(5000 + 12 * LOAD_MS)
  assert.equal(pool.holds.size, NODES)
  assert.deepEqual(new Set(pool.holds.values()), new Set([exact!.variant]), 'ten waves of loads')
  assert.ok(pool.looks - before < NODES / 2, `${pool.looks - before} looks at ${NODES} loads`)
})
