/** Pools, pipelines and demands that nobody chose. @module */
import { type LotPool, lotPool } from './lot_pools.ts'
import { percent, type Row } from './rows.ts'
import { type Case, contenders, held, INSTANCES, type Suite } from './suite.ts'

const POOLS = { all: 120, one: 60 }
const NEAR_LIMIT = 0.7

const ALL = 'all'
const KINDS: { [kind: string]: (pool: LotPool) => boolean } = {
  'the best ways carry the demand': ({ load, bestCarries }) => bestCarries && load <= NEAR_LIMIT,
  'they do not; at most 0.7 of the limit': ({ load, bestCarries }) =>
    !bestCarries && load <= NEAR_LIMIT,
  '0.7 to 0.85 of the limit': ({ load }) => load > NEAR_LIMIT,
}
const tableOf = (instancesPerNode: typeof INSTANCES[number], kind: string) =>
  `Pools by lot, ${held(instancesPerNode)}: ${kind}`

function casesOf(instancesPerNode: typeof INSTANCES[number]): Case[] {
  const count = instancesPerNode === 'all' ? POOLS.all : POOLS.one
  return Array.from({ length: count }, (_, i) => {
    const pool = lotPool(i + 1, instancesPerNode)
    const kind = Object.keys(KINDS).find((one) => KINDS[one]!(pool))!
    const { scenario } = pool
    const table = tableOf(instancesPerNode, kind)
    return { table, row: `lot ${i + 1}`, scenario, contenders: contenders('shoal', 'loki') }
  })
}

/** One who got no answer in time has nothing of its accuracy. */
const worth = (row: Row) => (1 - row.violationRatio.mean) * row.effectiveAccuracy.mean

function summary(rows: readonly Row[]): string[] {
  const policies = [...new Set(rows.map(({ policy }) => policy))]
  const lines = [
    `| pools | number | ${
      policies.map((one) => `${one}: lost %, accuracy %`).join(' | ')
    } | bound |`,
    `| --- | --- | ${policies.map(() => '--- | ').join('')}--- |`,
  ]
  for (const instances of INSTANCES) {
    for (const kind of [ALL, ...Object.keys(KINDS)]) {
      const label = tableOf(instances, kind)
      const own = rows.filter(({ table }) =>
        table === label || kind === ALL && isOf(table, instances)
      )
      const first = own.filter(({ policy }) => policy === policies[0])
      if (first.length === 0) continue
      const cells = policies.map((policy) => {
        const ours = own.filter((row) => row.policy === policy)
        return `${mean(ours, (row) => row.violationRatio.mean)}, ${
          mean(ours, (row) => row.effectiveAccuracy.mean)
        }`
      })
      const bound = `${mean(first, ({ bound }) => 1 - (bound?.served ?? 1))}, ${
        mean(first, ({ bound }) => bound?.accuracy ?? 1)
      }`
      lines.push(`| ${label} | ${first.length} | ${cells.join(' | ')} | ${bound} |`)
    }
  }
  return [...lines, '', ...INSTANCES.flatMap((instances) => compared(instances, rows))]
}

const isOf = (table: string, instances: typeof INSTANCES[number]) =>
  table.startsWith(tableOf(instances, ''))

const mean = (of: readonly Row[], pick: (row: Row) => number) =>
  percent(of.reduce((sum, row) => sum + pick(row), 0) / of.length, 2)

/** In how many pools who is better. */
function compared(instances: typeof INSTANCES[number], rows: readonly Row[]): string[] {
  const of = (policy: string) =>
    rows.filter((row) => isOf(row.table, instances) && row.policy === policy)
  const pairs = of('shoal').flatMap((ours) => {
    const theirs = of('loki').find(({ row }) => row === ours.row)
    return theirs === undefined ? [] : [{ ours, theirs }]
  })
  if (pairs.length === 0) return []
  const fewer = pairs.filter(({ ours, theirs }) =>
    ours.violationRatio.mean <= theirs.violationRatio.mean
  )
  const better = pairs.filter(({ ours, theirs }) => worth(ours) >= worth(theirs))
  return [
    `Pools by lot, ${
      held(instances)
    }: \`shoal\` loses no more than \`loki\` in ${fewer.length} of ` +
    `${pairs.length}; counting what is lost as no accuracy it is as good or better in ${better.length}.`,
  ]
}

export const lots: Suite = {
  name: 'lots',
  about: '180 pools, pipelines and demands made by lot',
  alone: true,
  brief: true,
  cases: () => INSTANCES.flatMap(casesOf),
  findings: summary,
}
