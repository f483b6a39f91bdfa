/** How many nodes work when little is asked. @module */
import { evalScenario } from '../eval.ts'
import { percent, rowAt } from './rows.ts'
import { contenders, held, INSTANCES, type Suite } from './suite.ts'

const RATE_PER_S = 50
const SECONDS = 120

export const active: Suite = {
  name: 'active',
  about: `mean active nodes at ${RATE_PER_S} queries/s`,
  cases: (data) =>
    INSTANCES.map((instancesPerNode) => ({
      table: `${RATE_PER_S} queries/s for ${SECONDS} s, car branch`,
      row: held(instancesPerNode),
      scenario: evalScenario(data, {
        name: 'figure5',
        ratePerS: RATE_PER_S,
        seconds: SECONDS,
        instancesPerNode,
      }),
      contenders: contenders('shoal', 'loki', 'proteus', 'inferline'),
    })),
  findings: (rows) =>
    INSTANCES.flatMap((instances) => {
      const ours = rowAt(rows, held(instances), 'shoal')
      const theirs = rowAt(rows, held(instances), 'proteus')
      if (ours === undefined || theirs === undefined) return []
      const times = theirs.meanActiveNodes.mean / ours.meanActiveNodes.mean
      return [
        `With ${held(instances)} \`shoal\` has ${times.toFixed(2)} times fewer nodes active than ` +
        `\`proteus\`, at ${percent(ours.violationRatio.mean, 3)} % violations and ` +
        `${percent(ours.effectiveAccuracy.mean)} % accuracy.`,
      ]
    }),
}
