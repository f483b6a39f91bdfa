/** Pools, pipelines and demands that nobody chose. @module */
import { type LotPool, lotPool } from './lot_pools.ts'
import { partOf, percent, type Row } from './rows.ts'
import { type Case, contenders, held, INSTANCES, type Suite } from './suite.ts'

type Instances = typeof INSTANCES[number]

/** What a suite of such pools is. */
interface Lots {
  /** How its tables begin. */
  title: string
  pipelines: 1 | 2
  pools: { [held in Instances]: number }
}

const NEAR_LIMIT = 0.7

const ALL = 'all'
const KINDS: { [kind: string]: (pool: LotPool) => boolean } = {
  'the best ways carry the demand': ({ load, bestCarries }) => bestCarries && load <= NEAR_LIMIT,
  'they do not; at most 0.7 of the limit': ({ load, bestCarries }) =>
    !bestCarries && load <= NEAR_LIMIT,
  '0.7 to 0.85 of the limit': ({ load }) => load > NEAR_LIMIT,
}

const tableOf = ({ title }: Lots, instances: Instances, kind: string) =>
  `${title}, ${held(instances)}: ${kind}`

function casesOf(lots: Lots, instances: Instances): Case[] {
  return Array.from({ length: lots.pools[instances] }, (_, i) => {
    const pool = lotPool(i + 1, instances, lots.pipelines)
    const kind = Object.keys(KINDS).find((one) => KINDS[one]!(pool))!
    const { scenario } = pool
    const table = tableOf(lots, instances, kind)
    return { table, row: `lot ${i + 1}`, scenario, contenders: contenders('shoal', 'loki') }
  })
}

/** One who got no answer in time has nothing of its accuracy. */
const worth = (row: Row) => (1 - row.violationRatio.mean) * row.effectiveAccuracy.mean

/** Of the pipelines of a pool what that loses which loses most. */
const mostLost = (rows: readonly Row[], { table, row, policy }: Row) =>
  Math.max(
    ...rows.filter((one) =>
      one.table === table && one.policy === policy && one.row.startsWith(partOf(row, ''))
    ).map(({ violationRatio, roots }) => roots > 0 ? violationRatio.mean : 0),
  )

/** Without those of single pipelines. */
const wholes = (rows: readonly Row[]) => rows.filter(({ row }) => !row.includes(partOf('', '')))

function summary(lots: Lots, rows: readonly Row[]): string[] {
  const isShared = lots.pipelines > 1
  const policies = [...new Set(rows.map(({ policy }) => policy))]
  const what = `lost %, accuracy %${isShared ? ', lost of the pipeline that loses most %' : ''}`
  const lines = [
    `| pools | number | ${policies.map((one) => `${one}: ${what}`).join(' | ')} | bound |`,
    `| --- | --- | ${policies.map(() => '--- | ').join('')}--- |`,
  ]
  for (const instances of INSTANCES) {
    for (const kind of [ALL, ...Object.keys(KINDS)]) {
      const label = tableOf(lots, instances, kind)
      const own = wholes(rows).filter(({ table }) =>
        table === label || kind === ALL && isOf(lots, table, instances)
      )
      const first = own.filter(({ policy }) => policy === policies[0])
      if (first.length === 0) continue
      const cells = policies.map((policy) => {
        const ours = own.filter((row) => row.policy === policy)
        const cell = [
          mean(ours, (row) => row.violationRatio.mean),
          mean(ours, (row) => row.effectiveAccuracy.mean),
          ...isShared ? [mean(ours, (row) => mostLost(rows, row))] : [],
        ]
        return cell.join(', ')
      })
      const bound = `${mean(first, ({ bound }) => 1 - (bound?.served ?? 1))}, ${
        mean(first, ({ bound }) => bound?.accuracy ?? 1)
      }`
      lines.push(`| ${label} | ${first.length} | ${cells.join(' | ')} | ${bound} |`)
    }
  }
  return [...lines, '', ...INSTANCES.flatMap((instances) => compared(lots, instances, rows))]
}

const isOf = (lots: Lots, table: string, instances: Instances) =>
  table.startsWith(tableOf(lots, instances, ''))

const mean = (of: readonly Row[], pick: (row: Row) => number) =>
  percent(of.reduce((sum, row) => sum + pick(row), 0) / of.length, 2)

/** In how many pools who is better. */
function compared(lots: Lots, instances: Instances, rows: readonly Row[]): string[] {
  const of = (policy: string) =>
    wholes(rows).filter((row) => isOf(lots, row.table, instances) && row.policy === policy)
  const pairs = of('shoal').flatMap((ours) => {
    const theirs = of('loki').find(({ row }) => row === ours.row)
    return theirs === undefined ? [] : [{ ours, theirs }]
  })
  if (pairs.length === 0) return []
  const count = (isBetter: (pair: typeof pairs[number]) => boolean) => pairs.filter(isBetter).length
  const fewer = count(({ ours, theirs }) => ours.violationRatio.mean <= theirs.violationRatio.mean)
  const better = count(({ ours, theirs }) => worth(ours) >= worth(theirs))
  const fairer = count(({ ours, theirs }) => mostLost(rows, ours) <= mostLost(rows, theirs))
  const shared = lots.pipelines > 1
    ? `; the pipeline that loses most loses no more in ${fairer}`
    : ''
  return [
    `${lots.title}, ${
      held(instances)
    }: \`shoal\` loses no more than \`loki\` in ${fewer} of ${pairs.length}${shared}; ` +
    `counting what is lost as no accuracy it is as good or better in ${better}.`,
  ]
}

const suiteOf = (name: string, about: string, notes: string, of: Lots): Suite => ({
  ...{ name, about, notes, seeds: 1, alone: true, brief: true, whole: true },
  cases: () => INSTANCES.flatMap((instances) => casesOf(of, instances)),
  findings: (rows) => summary(of, rows),
})

const LOTS_NOTES =
  'A seeded generator (`src/sim/suites/lot_pools.ts`) chooses each pool: trees of one to four ' +
  'tasks with one to six variants each, SLOs from 0.15 to 15 s, 2 to 32 nodes of one to three ' +
  'kinds, 1 to 40 ms a hop, latency noise of 0, 0.05 or 0.2, a fan-out of 0.3 to 8, and demand ' +
  'that is flat, in steps, in waves or in bursts, from a tenth to 0.85 of the most that the pool ' +
  'could carry. The last column is the bound: lost %, accuracy %. It knows no queues and lets ' +
  'every batch be as large as the SLO allows, so pools with few nodes or little time stay below it.'

const SHARED_NOTES =
  'Pools as in `lots`, with a second pipeline and its own SLO. Shoal serves about the same share ' +
  'of the queries of each pipeline; `loki` and the bound may starve the more expensive one, so ' +
  'the third figure is what the pipeline that loses most loses. The last column is the bound: ' +
  'lost %, accuracy %.'

export const lots = suiteOf('lots', '180 random pools, pipelines and demands', LOTS_NOTES, {
  ...{ title: 'Random pools', pipelines: 1, pools: { all: 120, 1: 60 } },
})

export const shared = suiteOf(
  'shared',
  '100 random pools that two pipelines share',
  SHARED_NOTES,
  {
    ...{ title: 'Random pools of two pipelines', pipelines: 2, pools: { all: 60, 1: 40 } },
  },
)
