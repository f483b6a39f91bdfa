/** What the evaluation makes of results: spreads, ratios, and how far a demand is carried. */
import assert from 'node:assert/strict'
import { capacity } from '../../src/sim/suites/capacity.ts'
import { energy } from '../../src/sim/suites/energy.ts'
import { NO_DATA } from '../../src/sim/eval_data.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { figure5 } from '../../src/sim/suites/figure5.ts'
import { gates } from '../../src/sim/suites/gates.ts'
import { type Outcome, type Row, rowOf, rowsOfCase, timesFewer } from '../../src/sim/suites/rows.ts'
import { speed } from '../../src/sim/suites/speed.ts'
import { SUITES, suitesOf } from '../../src/sim/suites/suites.ts'

const outcome = (violationRatio: number, effectiveAccuracy = 0.9): Outcome => ({
  result: {
    policy: 'any',
    ...{ roots: 1000, onTime: 0, late: 0, dropped: 0, violationRatio, effectiveAccuracy },
    ...{ meanActiveNodes: 4, peakActiveNodes: 4, planSolveMsP95: 1 },
  },
  ...{ seconds: 10, faults: {}, tookS: 1, calls: 1, handleMs: 1 },
})

const rowWith = (about: Partial<Row>, ...outcomes: Outcome[]): Row => ({
  ...rowOf({ table: 't', row: 'r', policy: 'shoal' }, outcomes),
  ...about,
})

Deno.test('rowOf() gives mean, least and most over seeds, and adds up what went wrong', () => {
  const bad = { ...outcome(0.04), faults: { 'batch refused': 2 } }
  const row = rowWith({}, outcome(0.01), bad, { ...bad, faults: { 'batch refused': 3 } })
  assert.equal(row.seeds, 3)
  assert.equal(row.demandPerS, 100)
  assert.deepEqual([row.violationRatio.min, row.violationRatio.max], [0.01, 0.04])
  assert.ok(Math.abs(row.violationRatio.mean - 0.03) < 1e-12)
  assert.deepEqual(row.faults, { 'batch refused': 5 })
})

Deno.test('a case of several pipelines has a row for each beside the whole', () => {
  const shared = (first: number, second: number): Outcome => {
    const whole = outcome((first + second) / 2)
    const part = (pipeline: string, violationRatio: number) => (
      { ...whole.result, pipeline, violationRatio, roots: 500 }
    )
    const workloads = [part('first', first), part('second', second)]
    return { ...whole, faults: { 'batch refused': 1 }, result: { ...whole.result, workloads } }
  }
  const about = { table: 't', row: 'r', policy: 'shoal', bound: { served: 1, accuracy: 1 } }
  const rows = rowsOfCase(about, [shared(0.02, 0.04), shared(0.04, 0.08)])
  assert.deepEqual(rows.map(({ row }) => row), ['r', 'r: first', 'r: second'])
  assert.deepEqual(rows.map((row) => Number(row.violationRatio.mean.toFixed(6))), [
    ...[0.045, 0.03, 0.06],
  ])
  assert.deepEqual(rows.map(({ roots }) => roots), [1000, 500, 500])
  assert.deepEqual(rows.map(({ bound }) => bound !== undefined), [true, false, false])
  assert.deepEqual(rows.map(({ faults }) => faults), [{ 'batch refused': 2 }, {}, {}])
  assert.equal(rowsOfCase(about, [outcome(0.01)]).length, 1)
})

Deno.test('timesFewer() says which way, and does not divide by nothing', () => {
  const few = rowWith({}, outcome(0.001))
  const many = rowWith({}, outcome(0.02))
  assert.equal(timesFewer(few, many), '20 times fewer than')
  assert.equal(timesFewer(many, few), '20 times as many as')
  assert.equal(timesFewer(rowWith({}, outcome(0)), many), 'over 20 times fewer than')
  // Of a row that was read back nobody knows how many were asked.
  const read = { roots: 0, seeds: 0 }
  assert.equal(timesFewer(rowWith(read, outcome(0.001)), many), '20 times fewer than')
  assert.equal(timesFewer(rowWith(read, outcome(0)), many), 'over 4000 times fewer than')
})

Deno.test('effective capacity stops at the first demand that is not carried, or counts the highest', () => {
  const at = (rate: number, violations: number, accuracy: number) =>
    rowWith({
      table: 'Constant demand, car branch, 1',
      row: `${rate}/s`,
      policy: 'loki',
      bound: { served: 1, accuracy: 1 },
    }, outcome(violations, accuracy))
  const rows = [
    at(400, 0, 0.69),
    ...[at(10, 0.001, 1), at(50, 0.0015, 1), at(100, 0.008, 0.95), at(200, 0.03, 0.92)],
    ...[at(300, 0, 0.75)],
  ]
  const line = capacity.findings!(rows).find((text) => text.startsWith('| loki | 1 |'))!
  const cells = line.split('|').slice(3, -1).map((cell) => cell.trim())
  // Limits 1 % and 0.2 %, each with floors 0.7 and 0.88.
  assert.deepEqual(cells, [
    '300 / 100 (0.52)',
    '100 / 100 (0.52)',
    '300 / 50 (0.26)',
    '50 / 50 (0.26)',
  ])
})

Deno.test('times of a run are held against what the machine did just then', () => {
  const at = (yardstickNs?: number) =>
    speed.findings!([
      rowWith(
        { row: 'Figure 5, 338 s' },
        { ...outcome(0), calls: 2000, handleMs: 20, ...yardstickNs ? { yardstickNs } : {} },
      ),
    ])[0]!
  assert.match(at(125), /100000 calls .* 80 times the yardstick of 125 ns/)
  assert.doesNotMatch(at(), /yardstick/)
})

Deno.test('findings leave out what was not run', () => {
  assert.deepEqual(figure5.findings!([]), [])
  const ours = { table: 'Car branch', row: '1', bound: { served: 1, accuracy: 0.96 } }
  const lines = figure5.findings!([rowWith(ours, outcome(0.001, 0.95))])
  assert.equal(lines.length, 1)
  assert.match(lines[0]!, /0\.100 % violations; accuracy 1\.00 points below the fluid bound\.$/)
})

Deno.test('joules are told by answer in time, and as a share of what full speed takes', () => {
  const took = (joules: number): Outcome => {
    const one = outcome(0)
    const elastic = {
      ...{ awakeNodeS: 50, busySlotS: 20, coreS: 0, mostCores: 0, coresAt: [], joules },
      ...{ meanLatencyMs: 0, p95LatencyMs: 123 },
    }
    return { ...one, result: { ...one.result, onTime: 100, elastic } }
  }
  const about = { table: "Themis's window", row: 'a straight line' }
  const rows = [
    rowOf({ ...about, policy: 'full speed' }, [took(300), took(500)]),
    rowOf({ ...about, policy: 'scaling' }, [took(300)]),
  ]
  const lines = energy.findings!(rows).filter((line) => line.startsWith('| a straight'))
  assert.deepEqual(lines.map((line) => line.split(' | ').slice(1, 4)), [
    ['full speed', '4.00', '100 %'],
    ['scaling', '3.00', '75 %'],
  ])
  assert.match(lines[1]!, /\| 123 \| 5\.0 \| 2\.0 \|$/)
  assert.equal(rowOf({ ...about, policy: 'any' }, [outcome(0)]).inUse, undefined)
})

Deno.test('suitesOf() knows every suite by name; all leaves out those that stand apart', () => {
  for (const { name } of SUITES) assert.equal(suitesOf([name])[0]!.name, name)
  const all = suitesOf(['all'])
  assert.ok(all.length > 10 && all.every(({ apart }) => !apart))
  assert.throws(() => suitesOf(['figure']), /Cannot run suite figure: there are figure5/)
})

Deno.test('without published data the gates keep the rows made of numbers, and say that others are left out', () => {
  const cases = gates.cases(NO_DATA)
  const nodes = cases.map(({ row, scenario }) => checkScenario(scenario, row).pool[0]!.count)
  assert.ok([72, 200, 1000].every((size) => nodes.includes(size)), `${nodes}`)
  const row = rowWith({ row: cases[0]!.row }, outcome(0))
  assert.match(gates.findings!([row])[0]!, /^\d+ rows are left out/)
})
