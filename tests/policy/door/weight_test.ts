/** Where more is asked for than the pool carries, who weighs more is served more. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import { createRandom } from '../../../src/sim/random.ts'
import { createPool, nodeOf } from '../fixtures.ts'

/** Shares of the queries of two pipelines that are served, each asked for all that the pool carries. */
function servedOf(light: { sloMs: number; weight: number }, heavy: typeof light) {
  const pipelines = [light, heavy].map((given, i) =>
    checkPipeline({
      ...{ schema: 'shoal-pipeline/1', name: ['light', 'heavy'][i], ...given, root: 'find' },
      tasks: { find: { variants: { only: { accuracy: 1, referenceMs: 20 } } } },
    }, 'weight')
  )
  const pool = createPool(pipelines, { seed: 1 })
  for (const id of ['a', 'b']) pool.join(nodeOf(id, pipelines))
  pool.run(500)
  const random = createRandom(5)
  for (let asked = 0; asked < 3000; asked++) {
    const { name, sloMs } = pipelines[random() < 0.5 ? 0 : 1]!
    pool.ask(`q${asked}`, name, sloMs)
    pool.run(pool.time.nowMs - 5 * Math.log(1 - random()))
  }
  pool.run(pool.time.nowMs + 5000)
  const { pipelines: counts } = pool.scheduler.stats()
  return ['light', 'heavy'].map((name) => counts[name]!.onTime / counts[name]!.arrived)
}

Deno.test('of two pipelines with as much time the one that weighs twice as much is served twice as much', () => {
  const [light, heavy] = servedOf({ sloMs: 1000, weight: 1 }, { sloMs: 1000, weight: 2 })
  assert.ok(heavy! / light! > 1.6 && heavy! / light! < 2.5, `${light} and ${heavy}`)
  assert.ok(light! + heavy! > 0.9, `${light} and ${heavy}`)
  const [one, other] = servedOf({ sloMs: 1000, weight: 3 }, { sloMs: 1000, weight: 3 })
  assert.ok(Math.abs(one! - other!) < 0.1, `${one} and ${other}`)
})

Deno.test('who weighs more is served more though it has less time, and nearly alone where it weighs a hundred times as much', () => {
  const [patient, urgent] = servedOf({ sloMs: 3000, weight: 1 }, { sloMs: 1000, weight: 3 })
  assert.ok(urgent! > 1.3 * patient!, `${patient} and ${urgent}`)
  const [least, most] = servedOf({ sloMs: 1000, weight: 0.01 }, { sloMs: 1000, weight: 1 })
  assert.ok(least! < 0.2 && most! > 0.8, `${least} and ${most}`)
})
