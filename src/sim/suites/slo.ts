/** The paper's Figure 8: SLOs of 200 to 400 ms. @module */
import { contenders, held, INSTANCES, type Suite } from './suite.ts'
import { THINNED, thinned } from './thinned.ts'

const SLOS_MS = [200, 250, 300, 350, 400]

export const slo: Suite = {
  name: 'slo',
  about: 'SLO of 200 to 400 ms (Figure 8)',
  notes: "The paper's Figure 8 has 10.9, 3.7, 3.1, 2.8 and 2.6 % violations from 200 to 400 ms.",
  cases: (data) =>
    INSTANCES.flatMap((instancesPerNode) =>
      SLOS_MS.map((sloMs) => ({
        table: `${THINNED}, ${held(instancesPerNode)}`,
        row: `${sloMs} ms`,
        scenario: thinned(data, { sloMs, instancesPerNode }),
        contenders: contenders('shoal', 'loki'),
      }))
    ),
}
