/**
 * `deno task simulate`: one run of a scenario in virtual time, or suites of many.
 *
 * @module
 */
import './deno_version.ts'
import { basename } from 'node:path'
import { reportPage } from '../sim/report/report.ts'
import { summaryLines } from '../sim/report/summary.ts'
import type { SimulationResult } from '../sim/result.ts'
import { policyOf, runPolicy } from '../sim/run_policy.ts'
import { simulateArgs } from './simulate/args.ts'
import { readScenario } from './simulate/scenario.ts'
import { simulateSuites } from './simulate/suite.ts'
import { asksForSuite, suiteArgs } from './simulate/suite_args.ts'
import { checkWritable, writeOut } from './writable.ts'

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

if (asksForSuite(Deno.args)) {
  try {
    await simulateSuites(suiteArgs(Deno.args, fail))
  } catch (error) {
    fail((error as Error).message)
  }
  Deno.exit(0)
}

const flags = simulateArgs(Deno.args, fail)
const results: SimulationResult[] = []
try {
  const scenario = await readScenario(flags)
  const contenders = flags.policies.map((policy) => ({
    policy,
    ...flags.drop === undefined ? {} : { drop: flags.drop },
    ...flags.cap === undefined ? {} : { cap: flags.cap },
    ...flags.set === undefined ? {} : { set: flags.set },
    ...flags.prefer === undefined ? {} : { prefer: flags.prefer },
  }))
  // What cannot be run or written is said before the first run, which may take minutes.
  for (const contender of contenders) policyOf(scenario, contender)
  const { report, json } = flags
  if (report !== undefined) await checkWritable(report)
  if (json !== undefined && json !== '-') await checkWritable(json)
  for (const contender of contenders) {
    const { policy: name } = contender
    const { result, faults, tookS } = runPolicy(scenario, contender)
    results.push(result)
    console.error(`${name}: ${result.timeline.length} s simulated in ${tookS.toFixed(1)} s`)
    for (const [what, count] of faults) console.error(`${name}: ${count} times ${what}`)
  }
  // What people read first: a file may fail.
  if (json === '-') console.log(JSON.stringify(only(results)))
  else for (const line of summaryLines(results)) console.log(line)
  if (json !== undefined && json !== '-') {
    await writeOut(json, JSON.stringify(only(results), null, 2) + '\n')
  }
  if (report !== undefined) await writeOut(report, reportPage(titleOf(flags), results))
} catch (error) {
  fail((error as Error).message)
}

/** With what was asked for besides: names of scenarios and policies say nothing of it. */
function titleOf({ scenario, drop, cap, options }: typeof flags): string {
  const asked = Object.entries({ drop, cap, ...options }).filter(([, value]) => value !== undefined)
  return [basename(scenario), ...asked.map(([name, value]) => `${name} ${value}`)].join(', ')
}

/** One policy, one result; several give a list. */
function only(results: SimulationResult[]): SimulationResult | SimulationResult[] {
  return results.length === 1 ? results[0]! : results
}
