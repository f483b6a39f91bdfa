/** Other rules than our own behind the same links: their plans are solved while serving goes on. */
import assert from 'node:assert/strict'
import { startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { createSolver } from '../../src/coordinator/scheduler/solver.ts'
import { POLICY_NAMES } from '../../src/peers/policies.ts'
import type { Plan } from '../../src/policy/core/types.ts'
import { testOfAll } from '../exhaustive.ts'
import { joinScripted, pipeline } from './fixture.ts'

const PLAN: Plan = {
  ...{ epoch: 1, mode: 'hardware', objective: 0, bound: 0, gap: 0, reason: '', solveMs: 0 },
  ...{ mix: [], instances: [], awake: 0, standby: 0, resting: 0 },
}

/** The others have the same driver and planner. */
const USUAL = ['shoal', 'static', 'loki']

for (const policy of POLICY_NAMES) {
  const test = USUAL.includes(policy) ? Deno.test : testOfAll
  test(`startCoordinator() with policy ${policy} plans, loads and answers over real links`, async () => {
    const coordinator = startCoordinator({
      pipelines: [{ dir: '', pipeline, models: {} }],
      port: 0,
      policy,
    })
    try {
      const nodes = [
        await joinScripted(coordinator, 'one'),
        await joinScripted(coordinator, 'two'),
      ]
      const giveUpMs = performance.now() + 30_000
      let response: Response
      do {
        response = await fetch(`${coordinator.url}/v1/pipelines/words/infer`, {
          method: 'POST',
          headers: { 'content-type': 'image/png' },
          body: await Deno.readFile(
            new URL('../../demo/samples/note.png', import.meta.url),
          ),
        })
        if (response.status !== 200) await response.body?.cancel()
        // Nobody holds one of the tasks yet, or the query came amid a swap: peers drop it then.
      } while ([503, 504].includes(response.status) && performance.now() < giveUpMs)
      assert.equal(response.status, 200)
      const answer = await response.json()
      assert.equal(answer.outputs.words.length, 2)
      const plan: Plan = await (await fetch(`${coordinator.url}/v1/plan`)).json()
      assert.ok(plan.instances.length > 0)
      // Shoal's own ask a worker for a plan only where slots cannot hold all.
      if (policy !== 'shoal') {
        // What a worker took for it is known.
        const metrics = await (await fetch(`${coordinator.url}/metrics`)).text()
        const [, tookS] = /^shoal_plan_solve_seconds_sum (\S+)$/m.exec(metrics) ?? []
        assert.ok(Number(tookS) > 0, `${tookS}`)
      }
      await Promise.all(nodes.map((node) => node.leave()))
    } finally {
      await coordinator.close(1000)
    }
  })
}

Deno.test('createSolver() gives a solve up when its time is over, and tells whoever works on it', async () => {
  let told: unknown
  const failure = await new Promise<unknown>((failed) => {
    const solver = createSolver(
      (_, signal) => {
        signal.addEventListener('abort', () => told = signal.reason)
        return new Promise(() => {})
      },
      () => assert.fail('no plan was made'),
      failed,
      1,
    )
    solver.ask({ type: 'solve', epoch: 7 })
  })
  assert.match(String(failure), /epoch 7 took more than 1 ms/)
  assert.equal(told, failure)
})

Deno.test('createSolver() keeps the newest of two that are under way', async () => {
  const epochs: number[] = []
  await new Promise<void>((done) => {
    const solver = createSolver(
      ({ epoch }) => {
        epochs.push(epoch)
        return { ...PLAN, epoch }
      },
      ({ epoch }) => {
        assert.equal(epoch, 2)
        done()
      },
      (error) => assert.fail(String(error)),
    )
    solver.ask({ type: 'solve', epoch: 1 })
    solver.ask({ type: 'solve', epoch: 2 })
  })
  assert.deepEqual(epochs, [2])
})
