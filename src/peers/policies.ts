/**
 * The rules by name: the one place that knows Shoal's and its peers' alike, and makes a scheduler of
 * any of them.
 *
 * @module
 */
import { gathers } from '../pipeline/tree.ts'
import { planOf } from '../policy/place/planner.ts'
import { place } from '../policy/place/place.ts'
import type { Problem } from '../policy/place/problem.ts'
import type { Policy, PolicyOptions } from '../policy/core/options.ts'
import type { SchedulerOptions } from '../policy/core/options.ts'
import { createScheduler, type LearningScheduler } from '../policy/scheduler.ts'
import { createPeer } from './scheduler.ts'
import { STRATEGIES } from './strategies.ts'

export type { Policy, PolicyOptions }

type Factory = (options: PolicyOptions) => Omit<Policy, 'name'>

/** One of Shoal's own schedulers; slots that cannot hold all are placed for by the planner. */
const own =
  (create: (options: SchedulerOptions) => LearningScheduler): Factory =>
  ({ initialRatePerS, random: _random, drop: _drop, cap: _cap, ...options }) => {
    const scheduler = create({
      ...options,
      ...initialRatePerS === undefined ? {} : { startPerS: initialRatePerS },
    })
    return {
      renews: true,
      solve: ({ epoch, problem }) => planOf(epoch, place(problem as Problem)),
      scheduler,
      memory: scheduler.memory,
    }
  }

const FACTORIES: { [name: string]: Factory } = {
  shoal: own(createScheduler),
  ...Object.fromEntries(
    Object.entries(STRATEGIES).map(([name, strategy]) => [
      name,
      (options: PolicyOptions) => createPeer(strategy(options), options),
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
  const gathering = options.pipelines.find(gathers)
  if (name !== 'shoal' && gathering !== undefined) {
    throw new RangeError(
      `Cannot use policy ${name}: pipeline ${gathering.name} has a task that gathers: only shoal can`,
    )
  }
  return { name, ...make(options) }
}
