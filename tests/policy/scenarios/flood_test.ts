/** Random pools of different nodes under overload: all of them work, and few queries are lost. */
import assert from 'node:assert/strict'
import { createRandom } from '../../../src/sim/random.ts'
import { createPool, nodeOf, ocr } from '../fixtures.ts'
import { few } from '../../exhaustive.ts'

/** A pool of different nodes, each able to run a part or all, flooded with queries. */
function flooded(seed: number) {
  const random = createRandom(seed)
  const pool = createPool([ocr], { seed })
  const ids = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, i) => `n${i}`)
  /** By node: ms at work from then on, and when its batches there end. */
  const workedMs = new Map<string, number>()
  let countFromMs = Infinity
  let power = 0
  for (const id of ids) {
    const slowness = 3 ** random()
    power += 1 / slowness
    workedMs.set(id, 0)
    const networkMs = 10 * random()
    const { latencyMs, ...spec } = nodeOf(id, [ocr], { slowness, networkMs })
    pool.join({
      ...spec,
      latencyMs(ref, batch, items) {
        const ms = latencyMs(ref, batch, items)
        if (pool.time.nowMs >= countFromMs) workedMs.set(id, workedMs.get(id)! + ms)
        return ms
      },
    })
    pool.post({ type: 'node_reported', node: id, roundTripMs: networkMs })
  }
  pool.run(1000)
  // By the quickest path a query takes 60 ms of a node with the speed of the reference.
  const gapMs = 60 / power / (1.3 + random())
  for (let i = 0; i * gapMs < 7000; i++) {
    pool.time.at(1000 + i * gapMs, () => pool.ask(`q${i}`, 'ocr', 2000))
  }
  pool.run(3000)
  countFromMs = pool.time.nowMs
  pool.run(8000)
  const shares = [...workedMs.values()].map((ms) => ms / 5000)
  pool.run(12_000)
  assert.deepEqual(pool.violations, [])
  const { onTime, failed } = pool.scheduler.stats().pipelines.ocr!
  return { shares, onTime, lost: failed.deadline_exceeded ?? 0 }
}

Deno.test('No slot is idle for long while items wait that it could do in time', () => {
  let [all, allLost] = [0, 0]
  for (let seed = 1; seed <= few(4, 60); seed++) {
    const { shares, onTime, lost } = flooded(seed)
    const said = shares.map((share) => share.toFixed(2)).join(' ')
    // A slow node has no time for the earliest deadlines: up to a quarter of its time may pass idle.
    assert.ok(shares.every((share) => share > 0.75), `pool ${seed}: ${said}`)
    assert.ok(lost <= 0.02 * onTime, `pool ${seed}: ${lost} lost of ${onTime}`)
    all += onTime
    allLost += lost
  }
  assert.ok(allLost <= 0.01 * all, `${allLost} lost of ${all}`)
})
