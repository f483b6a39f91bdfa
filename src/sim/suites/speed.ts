/** How quick the scheduler and the simulator are: measured on the machine that runs it. @module */
import { evalScenario } from '../eval.ts'
import { rowAt } from './rows.ts'
import { contenders, type Suite } from './suite.ts'

const PAPER = "the paper's run (Figure 5)"
const TWENTY = '20 nodes, 200 queries/s'
const LARGE = '10,000 nodes, 100,000 queries/s'

export const speed: Suite = {
  name: 'speed',
  about: 'calls of handle, wall time of a paper run, 10,000 nodes',
  cases: (data) => [
    {
      table: 'Measured on this machine, one core',
      row: TWENTY,
      scenario: evalScenario(data, {
        name: 'figure5',
        ratePerS: 200,
        seconds: 60,
        workers: 20,
        instancesPerNode: 'all',
      }),
      contenders: contenders('shoal', 'loki'),
      once: true,
    },
    {
      table: 'Measured on this machine, one core',
      row: PAPER,
      scenario: evalScenario(data, { name: 'figure5', instancesPerNode: 'all' }),
      contenders: contenders('shoal', 'loki'),
      once: true,
    },
    {
      table: 'Measured on this machine, one core',
      row: LARGE,
      scenario: evalScenario(data, {
        name: 'figure5',
        ratePerS: 100_000,
        seconds: 10,
        workers: 10_000,
        instancesPerNode: 'all',
      }),
      contenders: contenders('shoal'),
      once: true,
      limits: { maxQueries: 200_000, maxItemsPerTask: 4_000_000 },
    },
  ],
  findings: (rows) =>
    [TWENTY, PAPER, LARGE].flatMap((what) =>
      ['shoal', 'loki'].flatMap((policy) => {
        const row = rowAt(rows, what, policy)
        if (row === undefined) return []
        const perS = Math.round(row.calls / row.handleMs * 1000)
        const lean = (1000 * row.handleMs / row.calls).toFixed(1)
        return [
          `${what}, \`${policy}\`: ${row.tookS.mean.toFixed(1)} s of wall time; ` +
          `${perS} calls of \`handle\` a second (${lean} µs each, ${
            Math.round(row.calls)
          } calls, the clock read twice a call included).`,
        ]
      })
    ),
}
