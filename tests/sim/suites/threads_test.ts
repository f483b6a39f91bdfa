/** Cells over threads: what measures the machine has it to itself. */
import assert from 'node:assert/strict'
import { cellsOf } from '../../../src/sim/suites/run/cells.ts'
import { runCells } from '../../../src/sim/suites/run/threads.ts'
import type { Case } from '../../../src/sim/suites/suite.ts'

/** One node that is asked so often, for so long. */
const caseOf = (row: string, seconds: number, once: boolean): Case => ({
  ...{ table: 't', row, once, contenders: [{ policy: 'static' }] },
  scenario: {
    schema: 'shoal-scenario/1',
    pipeline: {
      ...{ schema: 'shoal-pipeline/1', name: 'look', sloMs: 250, root: 'look' },
      tasks: { look: { variants: { only: { accuracy: 1 } } } },
    },
    classes: {
      one: { latencyMs: { only: { 1: 1 } }, instancesPerNode: 1, swapMs: 0, roundTripMs: 0 },
    },
    pool: [{ class: 'one', count: 1 }],
    trace: { binSeconds: 1, rates: Array(seconds).fill(200) },
    seed: 1,
  },
})

/** Rows in the order in which they ended, two at once where that may be. */
async function endsOf(cases: Case[]): Promise<string[]> {
  const cells = cellsOf({ name: 'any', about: '', cases: () => cases }, cases, 1, () => '')
  const ended: string[] = []
  await runCells(cells, 2, ({ case: { row } }) => {
    ended.push(row)
    return Promise.resolve()
  })
  return ended
}

Deno.test('runs that are timed go one at a time, in their order and after all others', async () => {
  const timed = [caseOf('timed, long', 400, true), caseOf('timed, short', 1, true)]
  assert.deepEqual(await endsOf([...timed, caseOf('short', 1, false)]), [
    ...['short', 'timed, long', 'timed, short'],
  ])
})
