/** The paper's Figure 7: what the drop policies are worth. @module */
import { evalScenario } from '../eval.ts'
import { type Contender, held, INSTANCES, type Suite } from './suite.ts'

const RULES = ['none', 'last-task', 'per-task', 'rerouting']

const withRules = (policy: string): Contender[] => RULES.map((drop) => ({ policy, drop }))

export const drops: Suite = {
  name: 'drops',
  about: 'drop policies of loki and loki-published (Figure 7)',
  notes:
    "The paper's Figure 7 has 6.1 % violations with none, 3.6 with last-task, 2.7 with per-task " +
    'and 1.8 with rerouting.',
  cases: (data) =>
    INSTANCES.map((instancesPerNode) => ({
      table: 'Demand of Figure 5, car branch',
      row: held(instancesPerNode),
      scenario: evalScenario(data, { name: 'figure5', instancesPerNode }),
      contenders: [...withRules('loki'), ...withRules('loki-published')],
    })),
}
