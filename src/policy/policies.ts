/**
 * The rules by name: one place that makes a scheduler of any of them.
 *
 * @module
 */
import { createBaseline } from './baselines/scheduler.ts'
import { STRATEGIES } from './baselines/strategies.ts'
import { planOf } from './load/plan_of.ts'
import { place } from './place/place.ts'
import type { Problem } from './place/problem.ts'
import type { Policy, PolicyOptions } from './policy.ts'
import { createScheduler } from './scheduler.ts'

export type { Policy, PolicyOptions }

const FACTORIES: { [name: string]: (options: PolicyOptions) => Omit<Policy, 'name'> } = {
  shoal: ({ pipelines, limits, initialRatePerS, trust, hedge, memory, fits }) => {
    const scheduler = createScheduler({
      pipelines,
      ...initialRatePerS === undefined ? {} : { startPerS: initialRatePerS },
      ...limits === undefined ? {} : { limits },
      ...trust === undefined ? {} : { trust },
      ...memory === undefined ? {} : { memory },
      ...hedge === undefined ? {} : { hedge },
      ...fits === undefined ? {} : { fits },
    })
    return {
      renews: true,
      solve: ({ epoch, problem }) => planOf(epoch, place(problem as Problem)),
      scheduler,
      memory: scheduler.memory,
    }
  },
  ...Object.fromEntries(
    Object.entries(STRATEGIES).map(([name, strategy]) => [
      name,
      (options: PolicyOptions) => createBaseline(strategy(options), options),
    ]),
  ),
}

export const POLICY_NAMES: readonly string[] = Object.keys(FACTORIES)

/** @throws RangeError for a name that no rules have */
export function createPolicy(name: string, options: PolicyOptions): Policy {
  const make = Object.hasOwn(FACTORIES, name) ? FACTORIES[name] : undefined
  if (make === undefined) {
    throw new RangeError(`Cannot use policy ${name}: there are ${POLICY_NAMES.join(', ')}`)
  }
  return { name, ...make(options) }
}
