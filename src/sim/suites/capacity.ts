/**
 * Effective capacity: the highest constant demand that is carried with few enough violations and
 * enough accuracy, at it and at every demand below.
 *
 * @module
 */
import { evalScenario } from '../eval.ts'
import { percent, type Row } from './rows.ts'
import { type Case, contenders, held, INSTANCES, type Suite } from './suite.ts'

const RATES_PER_S = [
  ...[10, 25, 50, 75, 100, 125, 150, 160, 170, 180, 190, 200, 225, 250, 300, 350, 400, 425],
  ...[450, 475, 500, 600, 700, 800, 850, 900, 950, 1000, 1050, 1100, 1200],
]
/** So long, or as long as gives so many queries, within these. */
const QUERIES = 3000
const LEAST_S = 12
const MOST_S = 60
/** Beyond these a policy carries nothing any more. */
const REACH: { policy: string; instances: readonly (1 | 'all')[]; upToPerS: number }[] = [
  { policy: 'shoal', instances: INSTANCES, upToPerS: Infinity },
  { policy: 'loki', instances: INSTANCES, upToPerS: 900 },
  { policy: 'loki-published', instances: [1], upToPerS: 200 },
  { policy: 'proteus', instances: [1], upToPerS: 450 },
  { policy: 'inferline', instances: INSTANCES, upToPerS: 225 },
]
/** Of the best path's accuracy. */
const FLOORS = [0.7, 0.88]
const LIMITS = [0.01, 0.002]

const tableOf = (instances: number | 'all') => `Constant demand, car branch, ${held(instances)}`
const rateOf = ({ row }: Pick<Row, 'row'>) => Number(row.split('/')[0])

export const capacity: Suite = {
  name: 'capacity',
  about: 'constant demands from 10 queries/s up',
  cases: (data) =>
    INSTANCES.flatMap((instancesPerNode) =>
      RATES_PER_S.map((ratePerS): Case => ({
        table: tableOf(instancesPerNode),
        row: `${ratePerS}/s`,
        scenario: evalScenario(data, {
          name: 'figure5',
          ratePerS,
          seconds: Math.min(MOST_S, Math.max(LEAST_S, Math.ceil(QUERIES / ratePerS))),
          instancesPerNode,
        }),
        contenders: contenders(
          ...REACH.filter(({ instances, upToPerS }) =>
            instances.includes(instancesPerNode) && ratePerS <= upToPerS
          ).map(({ policy }) => policy),
        ),
      }))
    ),
  findings(rows) {
    const best = Math.max(...rows.map(({ bound }) => bound?.accuracy ?? 0))
    const head = LIMITS.flatMap((limit) =>
      FLOORS.map((floor) => `≤ ${percent(limit, 1)} %, floor ${floor}`)
    )
    const lines: string[] = []
    const base = LIMITS.flatMap((limit) =>
      FLOORS.map((floor) => carried(rows, tableOf(1), 'inferline', limit, floor * best))
    )
    for (const { policy, instances } of REACH) {
      for (const held of instances) {
        if (!rows.some((row) => row.policy === policy && row.table === tableOf(held))) continue
        const cells = LIMITS.flatMap((limit, l) =>
          FLOORS.map((floor, f) => {
            const rate = carried(rows, tableOf(held), policy, limit, floor * best)
            const than = base[l * FLOORS.length + f]!
            return than > 0 ? `${rate} (${(rate / than).toFixed(2)})` : String(rate)
          })
        )
        lines.push(`| ${[policy, held === 'all' ? '"all"' : held, ...cells].join(' | ')} |`)
      }
    }
    return [
      'Effective capacity in queries/s, held at every demand of the table below it, too; in ' +
      'brackets its ratio to `inferline` with 1 by the same limits:',
      '',
      `| ${['policy', 'held', ...head].join(' | ')} |`,
      `| ${['policy', 'held', ...head].map(() => '---').join(' | ')} |`,
      ...lines,
    ]
  },
}

function carried(
  rows: readonly Row[],
  table: string,
  policy: string,
  violations: number,
  accuracy: number,
): number {
  let most = 0
  const own = rows.filter((row) => row.table === table && row.policy === policy)
  for (const row of own.sort((a, b) => rateOf(a) - rateOf(b))) {
    if (row.violationRatio.mean > violations || row.effectiveAccuracy.mean < accuracy) break
    most = rateOf(row)
  }
  return most
}
