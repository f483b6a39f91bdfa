/** The paper's Figure 7: what the drop policies are worth. @module */
import { type Contender, contenders, held, INSTANCES, type Suite } from './suite.ts'
import { THINNED, thinned } from './thinned.ts'

const RULES = ['none', 'last-task', 'per-task', 'rerouting']

const withRules = (policy: string): Contender[] => RULES.map((drop) => ({ policy, drop }))

export const drops: Suite = {
  name: 'drops',
  about: 'drop policies of loki and loki-published (Figure 7)',
  cases: (data) =>
    INSTANCES.map((instancesPerNode) => ({
      table: THINNED,
      row: held(instancesPerNode),
      scenario: thinned(data, { instancesPerNode }),
      contenders: [...contenders('shoal'), ...withRules('loki'), ...withRules('loki-published')],
    })),
}
