/** Queries with a minimum accuracy, in a pool whose slots hold one variant each. */
import assert from 'node:assert/strict'
import { createPolicy } from '../../../src/peers/policies.ts'
import type { Answer } from '../../../src/policy/core/types.ts'
import { initialRates, simulate } from '../../../src/sim/run.ts'
import { checkScenario } from '../../../src/sim/scenario.ts'

const SECONDS = 30
/** By then slots have changed for the demand. */
const SETTLED_MS = 15_000

/** Two tasks, each with variants of which one is twice as slow as the next; ten slots. */
const scenario = (ratePerS: number) =>
  checkScenario({
    schema: 'shoal-scenario/1',
    pipeline: {
      ...{ schema: 'shoal-pipeline/1', name: 'p', sloMs: 500, root: 'find' },
      tasks: {
        find: {
          next: ['read'],
          variants: { f20: { accuracy: 0.7 }, f40: { accuracy: 0.9 }, f80: { accuracy: 1 } },
        },
        read: {
          next: [],
          variants: { r20: { accuracy: 0.7 }, r40: { accuracy: 0.9 }, r80: { accuracy: 1 } },
        },
      },
    },
    classes: {
      c: {
        latencyMs: {
          ...{ f20: { 1: 20 }, f40: { 1: 40 }, f80: { 1: 80 } },
          ...{ r20: { 1: 20 }, r40: { 1: 40 }, r80: { 1: 80 } },
        },
        ...{ instancesPerNode: 1, swapMs: 500, roundTripMs: 2 },
      },
    },
    pool: [{ class: 'c', count: 10 }],
    trace: { binSeconds: 1, rates: Array.from({ length: SECONDS }, () => ratePerS) },
    noise: { latencyCv: 0.05 },
    seed: 1,
  }, 'floors')

/** Answers to queries with the minimum accuracy, one in so many, and to the others. */
function run(ratePerS: number, every: number, minAccuracy: number) {
  const given = scenario(ratePerS)
  const policy = createPolicy('shoal', {
    pipelines: given.workloads.map(({ pipeline }) => pipeline),
    initialRatePerS: initialRates(given),
  })
  const asking = new Set<string>()
  const answers = { asking: [] as Answer[], others: [] as Answer[], early: [] as Answer[] }
  const { handle } = policy.scheduler
  let count = 0
  policy.scheduler.handle = (event, nowMs) => {
    const asks = event.type === 'query_arrived' && count++ % every === 0
    if (asks) asking.add(event.query)
    const commands = handle(asks ? { ...event, minAccuracy } : event, nowMs)
    for (const command of commands) {
      if (command.type !== 'answer') continue
      const asked = asking.has(command.query)
      if (nowMs >= SETTLED_MS) answers[asked ? 'asking' : 'others'].push(command.answer)
      else if (asked) answers.early.push(command.answer)
    }
    return commands
  }
  simulate(given, policy)
  return answers
}

const served = (answers: readonly Answer[]) => answers.filter(({ ok }) => ok).length

Deno.test('Slots come to hold variants for a minimum accuracy that few queries ask for', () => {
  const { asking, others, early } = run(100, 50, 1)
  assert.ok(asking.length > 25, `${asking.length}`)
  assert.ok(served(asking) > 0.9 * asking.length, `${served(asking)} of ${asking.length}`)
  for (const answer of asking) if (answer.ok) assert.ok(answer.accuracy >= 1 - 1e-9)
  assert.ok(served(others) > 0.99 * others.length, `${served(others)} of ${others.length}`)
  // Until then queries are refused with the reason and a retry time.
  const refused = early.find(({ ok }) => !ok)
  assert.ok(refused !== undefined && !refused.ok)
  assert.equal(refused.reason, 'no_capable_node')
  assert.match(refused.message, /accuracy 1 now/)
  assert.ok((refused.retryAfterMs ?? 0) > 0)
})

Deno.test('Queries with a minimum accuracy that all variants reach get no priority', () => {
  const { asking, others } = run(100, 2, 0.49)
  const meanOf = (answers: readonly Answer[]) =>
    answers.reduce((sum, answer) => sum + (answer.ok ? answer.accuracy : 0), 0) / answers.length
  assert.equal(served(asking), asking.length)
  assert.equal(served(others), others.length)
  // By chance alone they differ by one or two hundredths.
  assert.ok(Math.abs(meanOf(asking) - meanOf(others)) < 0.025)
})
