/**
 * One scenario with one policy, timed.
 *
 * @module
 */
import { createPolicy, type Policy } from '../peers/policies.ts'
import type { Limits } from '../policy/core/options.ts'
import { createRandom, seedFor } from './random.ts'
import type { SimulationResult } from './result.ts'
import { initialRates, simulate, type SimulateOptions } from './run.ts'
import { withParams } from '../policy/params.ts'
import type { Scenario } from './scenario.ts'
import type { Contender } from './suites/suite.ts'

/** A server's bounds are for its memory; here a pool of any size is to be kept busy. */
export const LIMITS = { maxQueries: 4096, maxItemsPerTask: 131_072, maxBatch: 64 }

export interface TimedRun {
  result: SimulationResult
  faults: Map<string, number>
  tookS: number
  /** Calls of `handle`; and the time within them, where `timed`. */
  calls: number
  handleMs: number
}

interface RunOptions extends SimulateOptions {
  limits?: Partial<Limits>
  timed?: boolean
}

/** @throws RangeError for an unknown policy or option of it */
export function policyOf(
  scenario: Scenario,
  { policy: name, drop, cap, prefer = scenario.prefer }: Contender,
  limits: Partial<Limits> = {},
): Policy {
  return createPolicy(name, {
    pipelines: scenario.workloads.map(({ pipeline }) => pipeline),
    initialRatePerS: initialRates(scenario),
    limits: { ...LIMITS, ...limits },
    random: createRandom(seedFor(scenario.seed, 'policy')),
    ...prefer === undefined ? {} : { prefer },
    ...drop === undefined ? {} : { drop },
    ...cap === undefined ? {} : { cap },
  })
}

/** @throws RangeError for an unknown policy or option of it */
export function runPolicy(
  scenario: Scenario,
  contender: Contender,
  options: RunOptions = {},
): TimedRun {
  return withParams(contender.set ?? {}, () => run(scenario, contender, options))
}

function run(
  scenario: Scenario,
  contender: Contender,
  { limits = {}, timed = false, ...rest }: RunOptions,
): TimedRun {
  const policy = policyOf(scenario, contender, limits)
  let calls = 0
  let handleMs = 0
  const { handle } = policy.scheduler
  policy.scheduler.handle = timed
    ? (event, nowMs) => {
      calls++
      const startedMs = performance.now()
      const commands = handle(event, nowMs)
      handleMs += performance.now() - startedMs
      return commands
    }
    : (event, nowMs) => {
      calls++
      return handle(event, nowMs)
    }
  const startedMs = performance.now()
  const { result, faults } = simulate(scenario, policy, rest)
  return { result, faults, tookS: (performance.now() - startedMs) / 1000, calls, handleMs }
}
