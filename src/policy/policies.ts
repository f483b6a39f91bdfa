/**
 * The rules by name: one place that makes a scheduler of any of them.
 *
 * @module
 */
import { inferline } from './baselines/inferline.ts'
import { loki } from './baselines/loki.ts'
import { lokiPublished } from './baselines/loki_published.ts'
import { proteus } from './baselines/proteus.ts'
import { createBaseline } from './baselines/scheduler.ts'
import { fixed } from './baselines/static.ts'
import { planOf } from './load/plan_of.ts'
import { place } from './place/place.ts'
import type { Problem } from './place/problem.ts'
import type { Policy, PolicyOptions } from './policy.ts'
import { createScheduler } from './scheduler.ts'

export type { Policy, PolicyOptions }

const FACTORIES: { [name: string]: (options: PolicyOptions) => Omit<Policy, 'name'> } = {
  shoal: ({ pipelines, limits, seed, initialRatePerS, trust, hedge, memory }) => {
    const scheduler = createScheduler({
      pipelines,
      ...initialRatePerS === undefined ? {} : { startPerS: initialRatePerS },
      ...limits === undefined ? {} : { limits },
      ...trust === undefined ? {} : { trust },
      ...memory === undefined ? {} : { memory },
      ...hedge === undefined ? {} : { hedge },
      ...seed === undefined ? {} : { seed },
    })
    return {
      renews: true,
      solve: ({ epoch, problem }) => planOf(epoch, place(problem as Problem)),
      scheduler,
      memory: scheduler.memory,
    }
  },
  static: (options) => createBaseline(fixed(), options),
  inferline: (options) => createBaseline(inferline(), options),
  proteus: (options) => createBaseline(proteus(), options),
  loki: (options) => createBaseline(loki(options.drop, options.cap), options),
  'loki-published': (options) => createBaseline(lokiPublished(options.drop), options),
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
