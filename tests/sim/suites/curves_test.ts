/** Charts of a suite: lines that are compared are means of the same seconds, of all that was asked in them. */
import assert from 'node:assert/strict'
import { cellsOf } from '../../../src/sim/suites/run/cells.ts'
import { curvesOf } from '../../../src/sim/suites/run/curves.ts'
import { fluidBound } from '../../../src/sim/bound.ts'
import { checkScenario } from '../../../src/sim/scenario.ts'
import type { Outcome } from '../../../src/sim/suites/rows.ts'

const RATES = [2, 2, 2, 2, 2, 2, 90, 90, 90, 90, 90, 90, 2, 2, 2, 2]
const scenario = {
  schema: 'shoal-scenario/1',
  pipeline: {
    ...{ schema: 'shoal-pipeline/1', name: 'look', sloMs: 250, root: 'look' },
    tasks: { look: { variants: { good: { accuracy: 1 }, quick: { accuracy: 0.9 } } } },
  },
  classes: {
    one: {
      latencyMs: { good: { 1: 50 }, quick: { 1: 10 } },
      ...{ instancesPerNode: 'all', swapMs: 0, roundTripMs: 0 },
    },
  },
  pool: [{ class: 'one', count: 1 }],
  trace: { binSeconds: 1, rates: RATES },
  seed: 1,
}

/** The lines of a chart by name, of one policy that did so in each second. */
function linesOf(chart: string, second: (t: number) => { accuracy: number; lost: number }) {
  const one = { table: 't', row: 'r', scenario, contenders: [{ policy: 'shoal' }], curve: true }
  const [cell] = cellsOf({ name: 'any', about: '', cases: () => [one] }, [one], 1, () => '')
  const timeline = RATES.map((demand, t) => {
    const { accuracy, lost } = second(t)
    return { t, demand, violationRatio: lost, effectiveAccuracy: accuracy, activeNodes: 1 }
  })
  const outcome = { result: { timeline } } as unknown as Outcome
  const svg = new Map(curvesOf('any', [cell!], new Map([[cell!.key, outcome]]))).get(chart)!
  const paths = [...svg.matchAll(/<path d="([^"]*)"[^>]*><title>([^<]*)/g)]
  return new Map(paths.map(([, path, name]) => [name!, path!]))
}

Deno.test('who is as accurate as the bound in each second is drawn on it, where demand rises, too', () => {
  const { bins } = fluidBound(checkScenario(scenario, 'test'))
  assert.ok(bins[0]!.accuracy > bins[8]!.accuracy)
  const lines = linesOf('any-accuracy', (t) => ({ accuracy: bins[t]!.accuracy, lost: 0 }))
  assert.equal(lines.get('shoal'), lines.get('fluid bound'))
})

Deno.test('of a second in which hardly anybody asked the curve of violations has hardly anything', () => {
  const lines = linesOf('any-violations', (t) => ({ accuracy: 1, lost: t === 5 ? 1 : 0 }))
  const heights = [...lines.get('shoal')!.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) =>
    Number(y)
  )
  const bottom = Math.max(...heights)
  // Two of twelve by then; beside ninety in each second after it next to none.
  assert.ok(bottom - heights[5]! > 20)
  assert.ok(bottom - heights[11]! < 1)
})
