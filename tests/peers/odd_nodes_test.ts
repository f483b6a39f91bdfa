/** What nodes say of themselves may be odd, or change: a batch is expected to end all the same. */
import assert from 'node:assert/strict'
import { createModel } from '../../src/peers/model.ts'
import { createPool } from '../../src/peers/pool.ts'
import { createPolicy, POLICY_NAMES } from '../../src/peers/policies.ts'
import { latency } from '../../src/policy/estimate/params.ts'
import type { LatencyPoint, Plan, PolicyCommand, PolicyEvent } from '../../src/policy/core/types.ts'
import { pipeline } from './fixtures.ts'

const ABLE = Object.entries(pipeline.tasks).flatMap(([task, { variants }]) =>
  Object.keys(variants).map((variant) => ({ pipeline: pipeline.name, task, variant }))
)

const PLAN_MS = 300

/** Loads and results are there at once. */
function createServed(name: string, points: LatencyPoint[]) {
  const policy = createPolicy(name, {
    pipelines: [pipeline],
    initialRatePerS: { [pipeline.name]: 1 },
    random: () => 0.5,
  })
  const plans: { dueMs: number; plan: Plan }[] = []
  const sent: Extract<PolicyCommand, { type: 'dispatch' }>[] = []
  let nowMs = 0
  let queries = 0

  function post(event: PolicyEvent): void {
    for (const command of policy.scheduler.handle(event, nowMs)) {
      if (command.type === 'solve') {
        const plan = policy.solve!(command)
        assert.ok(plan.instances.every(({ count }) => Number.isFinite(count)), JSON.stringify(plan))
        plans.push({ dueMs: nowMs + PLAN_MS, plan })
      } else if (command.type === 'load') post({ ...command, type: 'instance_ready' })
      else if (command.type === 'dispatch') {
        sent.push(command)
        const outcomes = command.items.map(() => (
          { ok: true as const, result: 1, children: command.task === 'find' ? { name: [1] } : {} }
        ))
        const { batch } = command
        const times = { computeMs: 5, nodeQueueMs: 0, networkMs: 1 }
        post({ type: 'batch_finished', batch, outcomes, ...times })
      }
    }
  }

  const nodes = Array.from({ length: 4 }, (_, i) => `n${i}`)
  for (const node of nodes) {
    post({ type: 'node_joined', node, slots: 1, duty: 1, able: ABLE })
    post({ type: 'node_reported', node, profile: ABLE.map((ref) => ({ ...ref, points })) })
  }
  return {
    nodes,
    post,
    /** What was sent meanwhile. */
    serve(seconds: number) {
      sent.length = 0
      for (const untilMs = nowMs + 1000 * seconds; nowMs < untilMs; nowMs += 10) {
        while (plans[0] !== undefined && plans[0].dueMs <= nowMs) {
          post({ type: 'plan_ready', plan: plans.shift()!.plan })
        }
        post({ type: 'wake' })
        if (nowMs % 500 > 0) continue
        const query = `q${queries++}`
        const deadlineMs = nowMs + 400
        post({ type: 'query_arrived', query, pipeline: pipeline.name, deadlineMs, payload: 1 })
      }
      return sent
    },
  }
}

for (const name of POLICY_NAMES) {
  Deno.test(`${name}: odd figures of a node are left out`, () => {
    const points = [[1, 0], [1, 5], [4, 20], [4, 40]]
      .map(([batch, latencyMs]) => ({ batch: batch!, latencyMs: latencyMs! }))
    const sent = createServed(name, points).serve(20)
    assert.ok(sent.length > 10, `${sent.length}`)
    for (const { expectedMs, giveUpMs } of sent) {
      assert.ok(expectedMs > 0 && expectedMs < 1000 && giveUpMs < 60_000, `${expectedMs}`)
    }
  })

  Deno.test(`${name} sends a node nothing that it can run no more`, () => {
    const pool = createServed(name, [{ batch: 1, latencyMs: 10 }])
    pool.serve(10)
    const able = ABLE.filter(({ variant }) => variant === 'quick')
    // As when a tab goes from its GPU to its processor.
    for (const node of pool.nodes) pool.post({ type: 'node_able', node, able })
    const sent = pool.serve(20)
    assert.ok(sent.length > 10, `${sent.length}`)
    for (const { expectedMs, variant } of sent) {
      assert.ok(expectedMs < 1000 && variant === 'quick', `${variant} ${expectedMs}`)
    }
  })
}

Deno.test('of nodes that went the longest gone are forgotten; who comes back before is known', () => {
  const model = createModel([pipeline])
  const pool = createPool(model, () => {})
  const variant = model.find(ABLE[0]!)!
  const join = (node: string) =>
    pool.join({ type: 'node_joined', node, slots: 1, duty: 1, able: ABLE })
  const profile = ABLE.map((ref) => ({ ...ref, points: [{ batch: 1, latencyMs: 7 }] }))
  const count = 2 * latency.mostGone
  for (let i = 0; i < count; i++) {
    join(`n${i}`)
    pool.report({ type: 'node_reported', node: `n${i}`, profile }, [])
    pool.leave(`n${i}`)
  }
  const latencyMsOf = (node: string) => {
    join(node)
    return pool.all().find((worker) => worker.node === node)!.class.latencyMs(variant, 1)
  }
  assert.equal(latencyMsOf(`n${count - 1}`), 7)
  assert.equal(latencyMsOf(`n${count - latency.mostGone}`), 7)
  assert.notEqual(latencyMsOf(`n${count - latency.mostGone - 1}`), 7)
  assert.notEqual(latencyMsOf('n0'), 7)
})
