/**
 * The rows of a case: of what was run, or of what a page has already, with the bounds that hold for
 * all policies.
 *
 * @module
 */
import { fluidBound } from '../../bound.ts'
import { checkScenario } from '../../scenario.ts'
import { type Outcome, type Row, rowsOfCase } from '../rows.ts'
import { type Case, nameOf } from '../suite.ts'
import type { Cell } from './cells.ts'
import { keptOf } from './kept.ts'

/** @param kept rows that the page has: good for those of which nothing was run */
export function rowsOf(
  one: Case,
  cells: readonly Cell[],
  outcomes: Map<string, Outcome>,
  kept: readonly Row[],
): Row[] {
  const scenario = checkScenario(one.scenario, 'suite')
  // The bound is of queries that all have the SLO.
  const bound = scenario.timeoutsMs === undefined ? withoutBins(fluidBound(scenario)) : undefined
  const whole = one.wholeNodes ? withoutBins(fluidBound(scenario, { wholeNodes: true })) : undefined
  return one.contenders.flatMap((contender) => {
    const about = {
      table: one.table,
      row: one.row,
      policy: nameOf(contender),
      ...bound === undefined ? {} : { bound },
      ...whole === undefined ? {} : { wholeNodes: whole },
    }
    const known = cells.filter((cell) => cell.case === one && cell.contender === contender)
      .flatMap(({ key }) => outcomes.get(key) ?? [])
    if (known.length > 0) return rowsOfCase(about, known)
    const pipelines = scenario.workloads.map(({ pipeline }) => pipeline.name)
    return keptOf(kept, about, pipelines)
  })
}

const withoutBins = ({ served, accuracy }: ReturnType<typeof fluidBound>) => ({ served, accuracy })
