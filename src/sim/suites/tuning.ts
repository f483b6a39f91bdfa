/** How `loki` was tuned: the share of a worker that is planned with, on the demand of Figure 5. @module */
import { evalScenario } from '../eval.ts'
import { held, INSTANCES, type Suite } from './suite.ts'

const CAPS = [0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1]

export const tuning: Suite = {
  name: 'tuning',
  about: 'loki with other shares of capacity to plan with',
  cases: (data) =>
    INSTANCES.map((instancesPerNode) => ({
      table: 'Demand of Figure 5, car branch',
      row: held(instancesPerNode),
      scenario: evalScenario(data, { name: 'figure5', instancesPerNode }),
      contenders: CAPS.map((cap) => ({ policy: 'loki', cap })),
    })),
}
