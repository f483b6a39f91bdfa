/** Slots with room for some of the twelve variants. @module */
import { contenders, held, type Suite } from './suite.ts'
import { THINNED, thinned } from './thinned.ts'

const ROOMS = [1, 2, 4, 6, 'all'] as const

export const memory: Suite = {
  name: 'memory',
  about: 'room for 1, 2, 4, 6 or all 12 variants on a node',
  cases: (data) =>
    ROOMS.map((instancesPerNode) => ({
      table: THINNED,
      row: held(instancesPerNode),
      scenario: thinned(data, { instancesPerNode }),
      contenders: contenders('shoal', 'loki'),
    })),
}
