/**
 * A machine that another program takes: all batches of its node become slower at once, and queries that
 * the node can no longer serve are refused on arrival, not admitted and late.
 */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import { createRandom, lognormal } from '../../../src/sim/random.ts'
import { createPool, refsOf } from '../fixtures.ts'

/** Like `profiles/ocr` on WebAssembly: several variants for finding lines, and for reading them. */
const pages = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'pages',
  sloMs: 5000,
  root: 'detect',
  tasks: {
    detect: {
      next: ['read'],
      variants: {
        d4: { accuracy: 0.98, referenceMs: 360, fanOut: { read: 7.5 } },
        d3: { accuracy: 0.91, referenceMs: 155, fanOut: { read: 7.4 } },
        d2: { accuracy: 0.79, referenceMs: 91, fanOut: { read: 7 } },
        d1: { accuracy: 0.56, referenceMs: 52, fanOut: { read: 6.6 } },
      },
    },
    read: {
      variants: {
        h32: { accuracy: 0.98, referenceMs: 52 },
        h24: { accuracy: 0.97, referenceMs: 33 },
        h16: { accuracy: 0.96, referenceMs: 24 },
      },
    },
  },
}, 'pages.json')
const EVERY_MS = 550
const TIMEOUT_MS = 15_000
const SLOWER_MS = 20_000
const UNTIL_MS = 53_000

/** Queries at a steady pace; from some time on, all batches of the machine take `times` as long. */
function slowerBy(times: number, seed: number) {
  const pool = createPool([pages], { seed })
  const random = createRandom(seed)
  const msOf = (task: string, variant: string, batch: number) =>
    pages.tasks[task]!.variants[variant]!.referenceMs! * batch
  pool.join({
    ...{ id: 'own', own: true, able: refsOf(pages), networkMs: 4, loadMs: 20 },
    latencyMs: ({ task, variant }, batch) =>
      msOf(task, variant, batch) * lognormal(random, 0.15) *
      (pool.time.nowMs >= SLOWER_MS ? times : 1),
  })
  const profile = refsOf(pages).map((ref) => ({
    ...ref,
    points: [1, 2, 4, 8].map((batch) => (
      { batch, latencyMs: msOf(ref.task, ref.variant, batch) }
    )),
  }))
  pool.post({ type: 'node_reported', node: 'own', profile })
  pool.run(1000)
  for (let i = 0; pool.time.nowMs < UNTIL_MS; i++) {
    pool.ask(`q${i}`, pages.name, TIMEOUT_MS)
    pool.run(pool.time.nowMs + EVERY_MS)
  }
  pool.run(UNTIL_MS + TIMEOUT_MS + 1000)
  const tally = { answered: 0, refused: 0, late: 0 }
  for (const [one] of pool.answers.values()) {
    const { answer } = one!
    if (answer.ok) tally.answered++
    else if (answer.reason === 'deadline_exceeded') tally.late++
    else if (answer.retryAfterMs !== undefined) tally.refused++
  }
  assert.deepEqual(pool.violations, [])
  return tally
}

const SEEDS = [1, 2, 3]
/** When variants of a node were independent, 4 were late at factor four, and 49 at seven. */
const CASES = [
  { times: 2, answered: 285, late: 0 },
  { times: 4, answered: 240, late: 0 },
  { times: 7, answered: 170, late: 2 },
]

for (const { times, answered, late } of CASES) {
  Deno.test(`a machine suddenly ${times} times as slow refuses queries on arrival, instead of late answers`, () => {
    const all = SEEDS.map((seed) => slowerBy(times, seed))
    const sum = (kind: keyof typeof all[number]) => all.reduce((sum, one) => sum + one[kind], 0)
    const said = JSON.stringify(all)
    assert.ok(sum('late') <= late, said)
    // It serves what it can.
    assert.ok(sum('answered') >= answered, said)
    assert.equal(sum('answered') + sum('refused') + sum('late'), 95 * SEEDS.length, said)
  })
}
