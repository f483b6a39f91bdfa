/** Queries with a time of their own, and more of them than a pool carries. */
import assert from 'node:assert/strict'
import { simulate } from '../../src/sim/run.ts'
import { chain, scenarioOf, scripted, single, tabs, untold } from './fixtures.ts'
import { few } from '../exhaustive.ts'

const SEEDS = [1, 2, 3].slice(0, few(1, 3))

/** So many queries a second for 20 s, each with the SLO or a time of its own. */
function sceneOf(nodes: number, perS: number, seed: number, timeoutsMs?: [number, number]) {
  const scenario = scenarioOf({
    ...{ pipeline: chain, classes: { tabs }, pool: [{ class: 'tabs', count: nodes }], seed },
    ...{ trace: { binSeconds: 1, rates: Array(20).fill(perS) }, noise: { latencyCv: 0.15 } },
    ...timeoutsMs === undefined ? {} : { timeoutsMs },
  })
  return { scenario, policy: untold(scenario) }
}

/** What becomes of those that the door lets in. */
function letIn(nodes: number, perS: number, timeoutsMs?: [number, number], seed = 1) {
  const { scenario, policy } = sceneOf(nodes, perS, seed, timeoutsMs)
  const { handle } = policy.scheduler
  const counts = { answered: 0, lost: 0, refused: 0 }
  policy.scheduler.handle = (event, nowMs) => {
    const commands = handle(event, nowMs)
    for (const command of commands) {
      if (command.type !== 'answer') continue
      const { answer } = command
      const atDoor = !answer.ok && answer.reason === 'infeasible_deadline'
      counts[answer.ok ? 'answered' : atDoor ? 'refused' : 'lost']++
    }
    return commands
  }
  simulate(scenario, policy)
  return { ...counts, lostShare: counts.lost / (counts.answered + counts.lost) }
}

Deno.test('each query has a time between the least and the most, as often short as long', () => {
  const times: number[] = []
  const arrivals = scripted((event, nowMs) => {
    if (event.type === 'query_arrived') times.push(event.deadlineMs - nowMs)
    return []
  })
  const classes = { tabs: { ...tabs, latencyMs: { exact: { 1: 20 } } } }
  const pool = [{ class: 'tabs', count: 1 }]
  const trace = { binSeconds: 1, rates: [2000] }
  simulate(scenarioOf({ pipeline: single, classes, pool, trace, timeoutsMs: [10, 1000] }), arrivals)
  assert.ok(Math.min(...times) >= 10 && Math.max(...times) <= 1000)
  const short = times.filter((ms) => ms < 100).length / times.length
  assert.ok(Math.abs(short - 0.5) < 0.05, `${short} below the middle of the logarithm`)
  assert.throws(() => scenarioOf({ timeoutsMs: [100, 10] }), /timeoutsMs.*the least, then the most/)
})

Deno.test('under overload who is let in is answered, whatever time the others have', () => {
  for (const timeoutsMs of [undefined, [50, 500], [40, 4000]] as const) {
    for (const nodes of [2, 6].slice(0, few(1, 2))) {
      const each = SEEDS.map((seed) =>
        letIn(nodes, 250 * nodes, timeoutsMs && [...timeoutsMs], seed)
      )
      for (const { answered, lostShare, refused } of each) {
        const what = `${timeoutsMs} ms, ${nodes} nodes: ${JSON.stringify(each)}`
        assert.ok(answered > 500 && refused > answered, what)
        assert.ok(lostShare < 0.04, what)
      }
    }
  }
})

/** A pool that carries all that is asked for. */
function carried(nodes: number, perS: number, seed: number, timeoutsMs?: [number, number]) {
  const { scenario, policy } = sceneOf(nodes, perS, seed, timeoutsMs)
  return simulate(scenario, policy).result
}

Deno.test('who has little time is served where that can be, and the others are as accurate', () => {
  for (const seed of SEEDS) {
    const alike = carried(12, 300, seed)
    const each = carried(12, 300, seed, [100, 500])
    assert.ok(each.violationRatio < 0.005, `${each.violationRatio}`)
    const lost = alike.effectiveAccuracy - each.effectiveAccuracy
    assert.ok(lost < 0.05, `${lost} of ${alike.effectiveAccuracy}`)
    // The quickest way takes 30 ms, and one in twenty has less than 50.
    const shorter = carried(6, 100, seed, [40, 2000])
    assert.ok(shorter.violationRatio < 0.1, `${shorter.violationRatio}`)
  }
})

Deno.test('who has little time does not find all slots waiting for others, or at long batches', () => {
  for (const seed of SEEDS) {
    const { violationRatio } = carried(12, 300, seed, [40, 2000])
    // 7 to 8 % where batches wait and grow as is good for those in them alone.
    assert.ok(violationRatio < 0.055, `${violationRatio}`)
  }
})

Deno.test('who has little time is not refused for long batches that others fill', () => {
  for (const seed of SEEDS) {
    const { violationRatio } = carried(18, 300, seed, [40, 2000])
    // 3.3 to 3.7 % where all are reckoned with in batches as long as is usual.
    assert.ok(violationRatio < 0.03, `${violationRatio}`)
  }
})

/** The mean accuracy of those who can be served, where another comes with each whose time is up. */
function accuracyBeside(hopeless: boolean): number {
  const scenario = scenarioOf({
    ...{ pipeline: chain, classes: { tabs }, pool: [{ class: 'tabs', count: 3 }] },
    ...{ trace: { binSeconds: 1, rates: Array(20).fill(45) } },
  })
  const policy = untold(scenario)
  const { handle } = policy.scheduler
  policy.scheduler.handle = (event, nowMs) => {
    if (!hopeless || event.type !== 'query_arrived') return handle(event, nowMs)
    const query = `hopeless-${event.query}`
    const commands = handle({ ...event, query, deadlineMs: nowMs + 1, timeoutMs: 1 }, nowMs)
    const mine = commands.filter((command) => command.type === 'answer' && command.query === query)
    assert.equal(mine.length, 1)
    return [...commands.filter((command) => !mine.includes(command)), ...handle(event, nowMs)]
  }
  const { result, faults } = simulate(scenario, policy)
  assert.equal(faults.size, 0)
  assert.ok(result.violationRatio < 0.01, `${result.violationRatio}`)
  return result.effectiveAccuracy
}

Deno.test('who asks for what nobody can do in time costs the others no accuracy', () => {
  const [alone, beside] = [accuracyBeside(false), accuracyBeside(true)]
  assert.ok(Math.abs(alone - beside) < 0.01, `${beside}, alone ${alone}`)
})
