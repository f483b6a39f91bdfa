/** The demand of the paper's Figure 5: every policy, car branch and both. @module */
import { evalScenario } from '../eval.ts'
import { percent, rowAt, timesFewer } from './rows.ts'
import { contenders, held, INSTANCES, type Suite } from './suite.ts'

const BRANCHES = { car: 'Car branch', both: 'Both branches' } as const
const POLICIES = ['shoal', 'loki', 'loki-published', 'proteus', 'inferline', 'static']

export const figure5: Suite = {
  name: 'figure5',
  about: 'demand of Figure 5, 18 workers, SLO 250 ms, each policy',
  cases: (data) =>
    (['car', 'both'] as const).flatMap((branches) =>
      INSTANCES.map((instancesPerNode) => ({
        table: BRANCHES[branches],
        row: held(instancesPerNode),
        scenario: evalScenario(data, { name: 'figure5', branches, instancesPerNode }),
        contenders: contenders(...POLICIES),
        curve: branches === 'car' && instancesPerNode === 'all',
        wholeNodes: instancesPerNode === 1,
      }))
    ),
  findings: (rows) =>
    Object.values(BRANCHES).flatMap((table) => {
      const here = rows.filter((row) => row.table === table)
      return INSTANCES.flatMap((instances) => {
        const ours = rowAt(here, held(instances), 'shoal')
        if (ours?.bound === undefined) return []
        const than = INSTANCES.flatMap((other) => {
          const theirs = rowAt(here, held(other), 'loki')
          return theirs === undefined
            ? []
            : [`${timesFewer(ours, theirs)} \`loki\` with ${held(other)}`]
        })
        const below = percent(ours.bound.accuracy - ours.effectiveAccuracy.mean)
        const whole = ours.wholeNodes === undefined
          ? ''
          : ` (bound of whole nodes: ${percent(ours.wholeNodes.accuracy)} %)`
        return [
          `${table}, \`shoal\` with ${held(instances)}: ` +
          [`${percent(ours.violationRatio.mean, 3)} % violations`, ...than].join(', ') +
          `; accuracy ${below} points below the fluid bound${whole}.`,
        ]
      })
    }),
}
