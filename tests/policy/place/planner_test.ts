import assert from 'node:assert/strict'
import { releaseProxy, type Remote, wrap } from 'comlink'
import fc from 'fast-check'
import { place } from '../../../src/policy/place/place.ts'
import type { Planner } from '../../../src/policy/place/planner.ts'
import { makeProblem } from './problems.ts'

async function withPlanner(use: (planner: Remote<Planner>) => Promise<void>): Promise<void> {
  const worker = new Worker(new URL('../../../workers/planner.ts', import.meta.url), {
    type: 'module',
  })
  const died = new Promise<never>((_, reject) => {
    worker.addEventListener('error', (event) => {
      event.preventDefault()
      reject(new Error(`the planner died: ${event.message}`))
    })
  })
  const planner = wrap<Planner>(worker)
  try {
    await Promise.race([use(planner), died])
  } finally {
    planner[releaseProxy]()
    worker.terminate()
  }
}

Deno.test('planner worker gives the same placement as place(), infinite limits included', async () => {
  const problems = fc.sample(fc.gen().map(makeProblem), {
    seed: 50,
    numRuns: 8,
    endOnFailure: true,
  })
  await withPlanner(async (planner) => {
    for (const problem of problems) {
      assert.deepEqual(await planner.place(problem), { ok: true, placement: place(problem) })
    }
  })
})

Deno.test('planner worker answers an invalid problem with a reason', async () => {
  const [problem] = fc.sample(fc.gen().map(makeProblem), {
    seed: 51,
    numRuns: 1,
    endOnFailure: true,
  })
  const twice = { ...problem!, pipelines: [problem!.pipelines[0]!, problem!.pipelines[0]!] }
  await withPlanner(async (planner) => {
    const answer = await planner.place(twice)
    assert.ok(!answer.ok)
    assert.equal(answer.reason, 'invalid_problem')
    assert.match(answer.message, /two pipelines of one name/)
    const after = await planner.place(problem!)
    assert.ok(after.ok, 'and goes on')
  })
})
