/**
 * `deno task simulate`: one run of a scenario in virtual time.
 *
 * @module
 */
import './deno_version.ts'
import { basename } from 'node:path'
import { createPolicy } from '../policy/policies.ts'
import { createRandom, seedFor } from '../sim/random.ts'
import { initialRates, simulate } from '../sim/run.ts'
import type { SimulationResult } from '../sim/result.ts'
import { simulateArgs } from './simulate_args.ts'
import { readScenario } from './simulate_scenario.ts'
import { reportPage } from './simulate_report.ts'
import { summaryLines } from './simulate_summary.ts'

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

/** A server's bounds are for its memory; here a pool of any size is to be kept busy. */
const LIMITS = { maxQueries: 4096, maxItemsPerTask: 131_072, maxBatch: 64 }

const flags = simulateArgs(Deno.args, fail)
const results: SimulationResult[] = []
try {
  const scenario = await readScenario(flags)
  for (const name of flags.policies) {
    const policy = createPolicy(name, {
      pipelines: scenario.workloads.map(({ pipeline }) => pipeline),
      initialRatePerS: initialRates(scenario),
      limits: LIMITS,
      seed: scenario.seed,
      random: createRandom(seedFor(scenario.seed, 'policy')),
      ...flags.drop === undefined ? {} : { drop: flags.drop },
      ...flags.cap === undefined ? {} : { cap: flags.cap },
    })
    const startedMs = performance.now()
    const { result, faults } = simulate(scenario, policy)
    const tookS = ((performance.now() - startedMs) / 1000).toFixed(1)
    results.push(result)
    console.error(`${name}: ${result.timeline.length} s simulated in ${tookS} s`)
    for (const [what, count] of faults) console.error(`${name}: ${count} times ${what}`)
  }
} catch (error) {
  fail((error as Error).message)
}

if (flags.report !== undefined) {
  await Deno.writeTextFile(flags.report, reportPage(basename(flags.scenario), results))
}
if (flags.json === '-') console.log(JSON.stringify(only(results)))
else {
  for (const line of summaryLines(results)) console.log(line)
  if (flags.json !== undefined) {
    await Deno.writeTextFile(flags.json, JSON.stringify(only(results), null, 2) + '\n')
  }
}

/** One policy, one result; several give a list. */
function only(results: SimulationResult[]): SimulationResult | SimulationResult[] {
  return results.length === 1 ? results[0]! : results
}
