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
  ...[450, 475, 480, 490, 500, 510, 520, 600, 700, 800, 900, 1000, 1050, 1075, 1100, 1150, 1200],
]
/** So long, or as long as gives so many queries, within these. */
const QUERIES = 3000
const LEAST_S = 12
const MOST_S = 60
/** Beyond these a policy carries nothing any more. */
const REACH: { policy: string; instances: readonly (1 | 'all')[]; upToPerS: number }[] = [
  { policy: 'shoal', instances: INSTANCES, upToPerS: Infinity },
  { policy: 'loki', instances: INSTANCES, upToPerS: Infinity },
  { policy: 'loki-published', instances: [1], upToPerS: 200 },
  { policy: 'proteus', instances: [1], upToPerS: 450 },
  { policy: 'inferline', instances: INSTANCES, upToPerS: 225 },
]
/** Of the best path's accuracy. */
const FLOORS = [0.7, 0.88]
const LIMITS = [0.01, 0.002]
/** What the best variants carry by an exact plan of whole nodes with a halved SLO. */
const BEST_VARIANTS_PER_S = 190.7

const tableOf = (instances: number | 'all') => `Constant demand, car branch, ${held(instances)}`
const rateOf = ({ row }: Pick<Row, 'row'>) => Number(row.split('/')[0])

export const capacity: Suite = {
  name: 'capacity',
  about: 'constant demands from 10 queries/s up',
  notes: 'Each demand lasts as long as 3,000 queries take, at least 12 s and at most 60 s.',
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
    const demands = LIMITS.flatMap((limit) => FLOORS.map((floor) => ({ limit, floor })))
    const head = demands.map(({ limit, floor }) => `≤ ${percent(limit, 1)} %, floor ${floor}`)
    const lines = REACH.flatMap(({ policy, instances }) =>
      instances.flatMap((one) => {
        const own = rows.filter((row) => row.policy === policy && row.table === tableOf(one))
        if (own.length === 0) return []
        const cells = demands.map(({ limit, floor }) => {
          const { highest, fromBelow } = carried(own, limit, floor * best)
          const times = (fromBelow / BEST_VARIANTS_PER_S).toFixed(2)
          return `${highest} / ${fromBelow}${fromBelow > 0 ? ` (${times})` : ''}`
        })
        return [`| ${[policy, held(one), ...cells].join(' | ')} |`]
      })
    )
    return [
      'Effective capacity in queries/s: the highest demand that keeps the limits, and the highest ' +
      'at which every smaller one of the table keeps them, too (in brackets: over ' +
      `${BEST_VARIANTS_PER_S}, what the best variants carry by an exact plan).`,
      '',
      `| ${['policy', 'held', ...head].join(' | ')} |`,
      `| ${['policy', 'held', ...head].map(() => '---').join(' | ')} |`,
      ...lines,
    ]
  },
}

/** @param own rows of one policy in one table */
function carried(own: readonly Row[], violations: number, accuracy: number) {
  let highest = 0
  let fromBelow = 0
  let unbroken = true
  for (const row of [...own].sort((a, b) => rateOf(a) - rateOf(b))) {
    const { violationRatio, effectiveAccuracy } = row
    if (violationRatio.mean > violations || effectiveAccuracy.mean < accuracy) {
      unbroken = false
      continue
    }
    highest = rateOf(row)
    if (unbroken) fromBelow = highest
  }
  return { highest, fromBelow }
}
