/** Every suite by name, in the order of the page that shows them. @module */
import { ablation } from './ablation.ts'
import { active } from './active.ts'
import { capacity } from './capacity.ts'
import { drops } from './drops.ts'
import { elastic } from './elastic/elastic.ts'
import { energy } from './energy.ts'
import { figure5 } from './figure5.ts'
import { gates } from './gates.ts'
import { heterogeneous } from './heterogeneous.ts'
import { lots, shared } from './lots.ts'
import { memory } from './memory.ts'
import { pipelines } from './pipelines.ts'
import { robustness } from './robustness.ts'
import { size } from './size.ts'
import { slo } from './slo.ts'
import { large, speed } from './speed.ts'
import type { Suite } from './suite.ts'
import { timeouts } from './timeouts.ts'
import { traces } from './traces.ts'
import { tuning } from './tuning.ts'
import { unseen } from './unseen.ts'

export const SUITES: readonly Suite[] = [
  figure5,
  traces,
  robustness,
  capacity,
  active,
  drops,
  tuning,
  slo,
  heterogeneous,
  memory,
  timeouts,
  pipelines,
  unseen,
  lots,
  shared,
  elastic,
  energy,
  speed,
  large,
  size,
  gates,
  ablation,
]

/** @throws RangeError for a name that none has; `all` names every one that is not apart */
export function suitesOf(names: readonly string[]): Suite[] {
  if (names.includes('all')) return SUITES.filter(({ apart }) => !apart)
  return [...new Set(names)].map((name) => {
    const suite = SUITES.find((one) => one.name === name)
    if (suite !== undefined) return suite
    const known = [...SUITES.map((one) => one.name), 'all'].join(', ')
    throw new RangeError(`Cannot run suite ${name}: there are ${known}`)
  })
}
