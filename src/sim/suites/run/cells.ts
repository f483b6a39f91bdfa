/**
 * The cells of a suite: what is run, under what name its result is kept, and the folder of results.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Outcome } from '../rows.ts'
import { type Case, type Contender, nameOf, type Suite } from '../suite.ts'

/** One run. */
export interface Cell {
  suite: string
  case: Case
  contender: Contender
  seed: number
  /** By all that its result depends on. */
  key: string
  scenario: Case['scenario']
  roots: number
}

export interface CellStore {
  find(cell: Cell): Promise<Outcome | undefined>
  keep(cell: Cell, outcome: Outcome): Promise<void>
}

const USUAL_SEEDS = 5
/** Suites count active nodes: as few as keep deadlines, unless a case asks for something else. */
const USUAL = { prefer: 'frugal' }

/** @param seeds as many as the suite usually has where absent */
export function cellsOf(
  { name: suite, seeds: usual = USUAL_SEEDS }: Suite,
  cases: readonly Case[],
  seeds: number = usual,
  fingerprintOf: (policy: string) => string,
): Cell[] {
  return cases.flatMap((one) =>
    Array.from({ length: one.once ? 1 : seeds * (one.seedTimes ?? 1) }, (_, i) => i + 1).flatMap((
      seed,
    ) =>
      one.contenders.map((contender) => {
        const scenario: Case['scenario'] = { ...USUAL, ...one.scenario, seed }
        const { curve = false, limits, once = false, timed, fromS } = one
        const sources = fingerprintOf(contender.policy)
        const key = createHash('sha256')
          .update(
            JSON.stringify({ scenario, contender, curve, limits, once, timed, fromS, sources }),
          )
          .digest('hex').slice(0, 32)
        const roots = tracesOf(scenario).reduce((sum, trace) => sum + rootsOf(trace), 0)
        return { suite, case: one, contender, seed, key, scenario, roots }
      })
    )
  )
}

type Trace = { binSeconds: number; rates: number[] }

const tracesOf = ({ trace, workloads }: Case['scenario']): Trace[] =>
  trace === undefined
    ? (workloads as { trace: Trace }[]).map((workload) => workload.trace)
    : [trace as Trace]

const rootsOf = ({ binSeconds, rates }: Trace): number =>
  binSeconds * rates.reduce((sum, rate) => sum + rate, 0)

/** @param replaceFile writes a file whole or not at all */
export function createCellStore(
  dir: string,
  replaceFile: (file: string, text: string) => Promise<void>,
): CellStore {
  const folder = join(dir, 'cells')
  const fileOf = ({ key }: Cell) => join(folder, `${key}.json`)
  return {
    async find(cell) {
      const text = await Deno.readTextFile(fileOf(cell)).catch(() => undefined)
      try {
        return text === undefined ? undefined : JSON.parse(text).outcome
      } catch {
        // A file that a machine lost its power over is run again, and written over.
        return undefined
      }
    },
    async keep(cell, outcome) {
      await Deno.mkdir(folder, { recursive: true })
      const { suite, case: { table, row }, contender, seed } = cell
      const about = { suite, table, row, policy: nameOf(contender), seed }
      // A file is there whole or not at all, whenever the run is stopped; another run may write the same.
      await replaceFile(fileOf(cell), JSON.stringify({ ...about, outcome }) + '\n')
    },
  }
}
