/**
 * Whether it holds at any size: like nodes, from 18 to 1,000, that hold all variants or one. The pools
 * are made of numbers; where the published data is there, Figure 5 on more nodes stands beside them.
 *
 * @module
 */
import { evalScenario } from '../eval.ts'
import { type EvalData, NO_DATA } from '../eval_data.ts'
import { rowAt } from './rows.ts'
import { levels, type SizeOptions, sizeScenario, wave } from './size_pools.ts'
import { type Case, contenders, type Suite } from './suite.ts'

/** A row of this suite and of the gates. */
export interface SizeRow extends Pick<Case, 'row' | 'fromS' | 'limits'> {
  scenario(): Case['scenario']
  /** Its scenario is of published data. */
  published?: true
}

/** Shares of what the quickest path carries. A slot that holds one variant has to load as demand moves. */
const TROUGH = 0.1
const PEAK = { all: 0.75, 1: 0.6 }
const WAVE_S = 60
const AFTER_S = 5
const OVER = levels([0.4, 15], [1.5, 60], [0.4, 25])
const STEPS = levels([0.2, 15], [0.6, 15], [0.2, 15], [0.6, 15])

/** A pool that is full refuses for a reason of its own: none of these is to be. */
const roomFor = (nodes: number) => ({ maxQueries: 100 * nodes, maxItemsPerTask: 1000 * nodes })

const nameOf = (nodes: number, held: 'all' | 1, what: string) =>
  `${nodes.toLocaleString('en')} nodes, ${held === 1 ? 'one held' : '"all"'}, ${what}`

export function sizeRows(data: EvalData): SizeRow[] {
  const made = (what: string, options: SizeOptions, fromS?: number): SizeRow => ({
    row: nameOf(options.nodes, options.held, what),
    scenario: () => sizeScenario(options),
    limits: roomFor(options.nodes),
    ...fromS === undefined ? {} : { fromS },
  })
  const waves = ([
    ...[18, 72, 200].flatMap((nodes) => (['all', 1] as const).map((held) => ({ nodes, held }))),
    { nodes: 1000, held: 'all' },
  ] as const).map(({ nodes, held }) =>
    made('wave', {
      nodes,
      held,
      shares: wave(TROUGH, PEAK[held], nodes > 200 ? WAVE_S / 3 : WAVE_S),
    })
  )
  const over = (['all', 1] as const).map((held) =>
    made('after overload', { nodes: 72, held, shares: OVER }, 75 + AFTER_S)
  )
  const floors = { share: 0.2, accuracy: 0.9 }
  const figure5 = (workers: number, scale: number): SizeRow => ({
    row: nameOf(workers, 1, `Figure 5 × ${scale}`),
    published: true,
    limits: roomFor(workers),
    scenario: () =>
      evalScenario(data, { name: 'figure5', workers, scale, instancesPerNode: 1, every: 3 }),
  })
  return [
    ...waves,
    ...over,
    made('steps', { nodes: 72, held: 1, shares: STEPS }),
    made('two pipelines with floors', {
      ...{ nodes: 72, held: 1, pipelines: 2, floors },
      shares: wave(TROUGH, PEAK[1] / 2, WAVE_S),
    }),
    figure5(72, 4),
    figure5(200, 11),
  ]
}

export const size: Suite = {
  name: 'size',
  about: 'like nodes, from 18 to 1,000, that hold all variants or one',
  alone: true,
  seeds: 1,
  cases: (data) =>
    sizeRows(data).filter(({ published }) => !published || data !== NO_DATA)
      .map(({ row, scenario, fromS, limits }): Case => ({
        ...{ table: 'Size', row, scenario: scenario(), timed: true },
        ...fromS === undefined ? {} : { fromS },
        ...limits === undefined ? {} : { limits },
        contenders: contenders('shoal', 'loki'),
      })),
  findings: (rows) =>
    [...new Set(rows.map(({ row }) => row))].flatMap((row) => {
      const ours = rowAt(rows, row, 'shoal')
      if (ours === undefined || ours.calls === 0) return []
      return [`${row}: ${(1000 * ours.handleMs / ours.calls).toFixed(0)} µs a call`]
    }),
}
