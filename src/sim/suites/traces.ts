/** Demand that jumps: Twitter's, and two traces that are made. @module */
import { evalScenario } from '../eval.ts'
import { contenders, held, INSTANCES, type Suite } from './suite.ts'

const TWITTER = 'twitter_medium_normal_load'
const TRACES = [
  { table: 'Twitter, 0.3 of it', name: TWITTER, scale: 0.3 },
  { table: 'Twitter, 0.769 of it', name: TWITTER, scale: 0.769 },
  { table: 'Flat with sudden steps (made)', name: 'steps', scale: 1 },
  { table: 'Slow wave with spikes of one second (made)', name: 'spikes', scale: 1 },
]

export const traces: Suite = {
  name: 'traces',
  about: 'Twitter at two scales, sudden steps, spikes of one second',
  notes:
    "Twitter's arrivals jump to 5.7 times as many from one second to the next. The steps are 10 s " +
    'long, between 60 and 450 queries/s. The spikes are single seconds of three times the demand ' +
    'in a wave of 80 to 240 queries/s.',
  cases: (data) =>
    TRACES.flatMap(({ table, name, scale }) =>
      INSTANCES.map((instancesPerNode) => ({
        table,
        row: held(instancesPerNode),
        scenario: evalScenario(data, { name, scale, instancesPerNode }),
        contenders: contenders('shoal', 'loki'),
      }))
    ),
}
