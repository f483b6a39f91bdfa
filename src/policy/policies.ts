/**
 * The rules by name: one place that makes a scheduler of any of them.
 *
 * @module
 */
import type { Pipeline } from '../pipeline/schema.ts'
import { type Limits } from './options.ts'
import { createScheduler } from './scheduler.ts'
import type { Plan, PolicyCommand, Scheduler } from './types.ts'

export interface PolicyOptions {
  pipelines: Pipeline[]
  /** Queries per second, by pipeline, that the estimator holds at first. */
  initialRatePerS?: { [pipeline: string]: number }
  limits?: Partial<Limits>
  seed?: number
  /** Only of `loki-published` and `loki`. */
  drop?: string
}

/** A scheduler with a name, and the solver that its `solve` commands ask for. */
export interface Policy {
  name: string
  scheduler: Scheduler
  solve?: (command: Extract<PolicyCommand, { type: 'solve' }>) => Plan
}

const FACTORIES: { [name: string]: (options: PolicyOptions) => Omit<Policy, 'name'> } = {
  shoal: ({ pipelines, limits, seed }) => ({
    scheduler: createScheduler({
      pipelines,
      ...limits === undefined ? {} : { limits },
      ...seed === undefined ? {} : { seed },
    }),
  }),
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
