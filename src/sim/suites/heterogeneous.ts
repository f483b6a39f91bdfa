/**
 * Unlike devices: 20 CPUs and two kinds of GPU. A plan that knows the classes against one that takes
 * all nodes as average; and with nodes that come and go.
 *
 * @module
 */
import { evalScenario } from '../eval.ts'
import type { EvalData, EvalOptions } from '../eval_data.ts'
import { type Case, contenders, held, INSTANCES, type Suite } from './suite.ts'

const RATES_PER_S = { all: [20, 40, 60, 80, 120, 160, 240], 1: [20, 60, 120, 240] }
const SECONDS = 40
/** Demand of Figure 5 times a quarter, as `evalScenario` takes it for this pool. */
const EVERY = 3
const CHURN = { churn: { meanUptimeS: 600, meanDowntimeS: 60 }, latencyCv: 0.2 }
const KNOWING: { [plan: string]: Pick<EvalOptions, 'told'> } = {
  'knows the classes': {},
  'blind at first': { told: { mean: 'profile' } },
  'blind for good': { told: { mean: 'always' } },
}

function day(data: EvalData, what: string, options: Omit<EvalOptions, 'name'>): Case[] {
  return INSTANCES.flatMap((instancesPerNode) =>
    Object.entries(KNOWING).map(([plan, told]) => ({
      table: `A quarter of Figure 5's demand, every third second, ${what}`,
      row: `${held(instancesPerNode)}, ${plan}`,
      scenario: evalScenario(data, {
        name: 'proteus',
        every: EVERY,
        instancesPerNode,
        ...options,
        ...told,
      }),
      contenders: contenders('shoal', 'loki'),
    }))
  )
}

export const heterogeneous: Suite = {
  name: 'heterogeneous',
  about: '20 CPU, 8 Pascal, 4 Ampere, SLO 400 ms; churn; blind plans',
  notes:
    'Nodes have the `proteus` profiles. "Blind at first": every node is said to be as quick as the ' +
    'mean of the pool, and a policy may learn better from the batches that ran (`shoal` does). ' +
    '"Blind for good": it is told the same of every batch, too.',
  cases: (data) => [
    ...INSTANCES.flatMap((instancesPerNode) =>
      RATES_PER_S[instancesPerNode].map((ratePerS) => ({
        table: `Constant demand for ${SECONDS} s, ${held(instancesPerNode)}`,
        row: `${ratePerS}/s`,
        scenario: evalScenario(data, {
          name: 'proteus',
          ratePerS,
          seconds: SECONDS,
          instancesPerNode,
        }),
        contenders: contenders('shoal', 'loki'),
      }))
    ),
    ...day(data, 'nodes stay', {}),
    ...day(data, 'mean uptime 10 minutes, noise CV 0.2', CHURN),
  ],
}
