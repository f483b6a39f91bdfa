/** How quick the scheduler and the simulator are: measured on the machine that runs it. @module */
import { evalScenario } from '../eval.ts'
import type { EvalData } from '../eval_data.ts'
import { type Row, rowAt } from './rows.ts'
import { type Case, contenders, type Suite } from './suite.ts'

const TABLE = 'One core, "all"'
const PAPER = 'Figure 5, 338 s'
const TWENTY = '20 nodes, 200 queries/s, 60 s'
const LONGER = '20 nodes, 200 queries/s, 600 s'
const LARGE = '500 nodes, 5,000 queries/s, 10 s'
const LARGEST = '10,000 nodes, 100,000 queries/s, 10 s'

const constant = (data: EvalData, row: string, workers: number, perS: number, seconds: number) => ({
  table: TABLE,
  row,
  scenario: evalScenario(data, {
    ...{ name: 'figure5', instancesPerNode: 'all' as const },
    ...{ ratePerS: perS, seconds, workers },
  }),
  once: true,
  limits: { maxQueries: 2 * perS, maxItemsPerTask: 40 * perS },
})

const largeCase = (data: EvalData, row: string, workers: number): Case => ({
  ...constant(data, row, workers, 10 * workers, 10),
  contenders: contenders('shoal'),
})

function speeds(rows: readonly Row[]): string[] {
  return [TWENTY, LONGER, PAPER, LARGE, LARGEST].flatMap((what) =>
    ['shoal', 'loki'].flatMap((policy) => {
      const row = rowAt(rows, what, policy)
      if (row === undefined || row.calls === 0) return []
      const perS = Math.round(row.calls / row.handleMs * 1000)
      const micros = 1000 * row.handleMs / row.calls
      const { yardstickNs = 0 } = row
      const held = yardstickNs > 0
        ? `, ${Math.round(1000 * micros / yardstickNs)} times the yardstick of ${
          Math.round(yardstickNs)
        } ns`
        : ''
      return [
        `${what}, \`${policy}\`: ${row.tookS.mean.toFixed(1)} s of wall time; ` +
        `${perS} calls of \`handle\` a second (${Math.round(row.calls)} calls of ` +
        `${micros.toFixed(1)} µs, reading the clock twice included${held}).`,
      ]
    })
  )
}

const SPEED_NOTES =
  'Measured on the machine that ran it, one core. A machine that does other things is slower by a ' +
  'factor of up to two, so each run is followed by a yardstick (`src/sim/suites/run/yardstick.ts`): ' +
  'the time for each of 4,096 objects that are sorted. Compare times of two versions in turn.'

export const speed: Suite = {
  name: 'speed',
  about: 'calls of handle, wall time of a paper run, 500 nodes',
  notes: SPEED_NOTES,
  whole: true,
  cases: (data) => [
    { ...constant(data, TWENTY, 20, 200, 60), contenders: contenders('shoal', 'loki') },
    // A minute of 20 nodes is over before the code is compiled as well as it will be.
    { ...constant(data, LONGER, 20, 200, 600), contenders: contenders('shoal', 'loki') },
    {
      table: TABLE,
      row: PAPER,
      scenario: evalScenario(data, { name: 'figure5', instancesPerNode: 'all' }),
      contenders: contenders('shoal', 'loki'),
      once: true,
    },
    largeCase(data, LARGE, 500),
  ],
  findings: speeds,
}

/** Not among `all`: it may take longer than all others together. */
export const large: Suite = {
  name: 'large',
  about: `${LARGEST} (not in all)`,
  notes: SPEED_NOTES,
  apart: true,
  whole: true,
  cases: (data) => [largeCase(data, LARGEST, 10_000)],
  findings: speeds,
}
