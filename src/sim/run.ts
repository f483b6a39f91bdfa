/**
 * One run of a scenario in virtual time, for any scheduler.
 *
 * @module
 */
import type { Policy } from '../policy/core/options.ts'
import type { PolicyCommand } from '../policy/core/types.ts'
import { createAccount } from './account.ts'
import { createArrivals, durationS, meanRate } from './arrivals.ts'
import { createContent } from './content.ts'
import { createSimulatedDriver } from './driver.ts'
import { createVirtualTime } from './events.ts'
import { createSimulatedPool } from './pool.ts'
import { createRandom, type Random, seedFor } from './random.ts'
import { resultOf, type SimulationResult } from './result.ts'
import type { Scenario } from './scenario.ts'
import { createUsage } from './usage.ts'

export interface SimulationRun {
  result: SimulationResult
  /** What the scheduler did that it should not, the first few; a count for each kind. */
  faults: Map<string, number>
}

/** Demand that the estimator of a policy holds at first: mean of so many seconds of the trace. */
const FIRST_S = 10
/** Queries are given this long after the last deadline before they count as never answered. */
const AFTER_MS = 1000

/** Evenly in the logarithm: short ones are as frequent as long ones. */
const drawn = ([least, most]: [number, number], random: Random) =>
  least * (most / least) ** random()

/** Mean rate of the first 10 s of each workload, by pipeline. */
export function initialRates(scenario: Scenario): { [pipeline: string]: number } {
  return Object.fromEntries(
    scenario.workloads.map(({ pipeline, trace }) => [pipeline.name, meanRate(trace, FIRST_S)]),
  )
}

/** Whether it says, or some class in use, that it matters what is in use. */
const isElastic = ({ elastic, pool, classes }: Scenario): boolean =>
  elastic ?? pool.some(({ count, class: name }) => {
    const { slots, sharing, threads, coldMs, power } = classes[name]!
    return count > 0 &&
      [slots, sharing, threads, coldMs, power].some((field) => field !== undefined)
  })

/** What is otherwise as the seed has it. */
export interface SimulateOptions {
  /** By position of the workload: the next arrival after each call, as of `createArrivals`. */
  arrivals?(workload: number): () => number
}

/** Runs the scenario to its end. */
export function simulate(
  scenario: Scenario,
  policy: Policy,
  { arrivals: arrivalsOf }: SimulateOptions = {},
): SimulationRun {
  const { workloads, seed, planDelayMs, timeoutsMs } = scenario
  const endS = Math.max(...workloads.map(({ trace }) => durationS(trace)))
  const time = createVirtualTime()
  const account = createAccount(endS, workloads.length)
  const usage = isElastic(scenario) ? createUsage(time, endS * 1000) : undefined
  const contents = workloads.map(({ pipeline: p }) =>
    createContent(p, seedFor(seed, p.name), scenario.fanOutSpread)
  )
  const contentOf = new Map(workloads.map(({ pipeline: { name } }, i) => [name, contents[i]!]))
  const faults = new Map<string, number>()
  const solveMs: number[] = []
  /** Before time starts, what is asked for is there at once. */
  let settling = true

  const post = createSimulatedDriver(policy.scheduler, time, (command) => {
    switch (command.type) {
      case 'answer':
        return account.answered(
          command.query,
          command.answer,
          time.nowMs,
          (workload, answer) => contents[workload]!.accuracyOf(answer),
        )
      case 'solve':
        return solve(command)
      default:
        return pool.execute(command, settling)
    }
  })
  const pool = createSimulatedPool(scenario, {
    time,
    account,
    ...usage === undefined ? {} : { usage },
    post,
    outcome: (payload, ref) => contentOf.get(ref.pipeline)!.outcome(payload, ref.task, ref.variant),
    fault: (what) => faults.set(what, (faults.get(what) ?? 0) + 1),
  })

  function solve(command: Extract<PolicyCommand, { type: 'solve' }>): void {
    // Real time, for how long solves take; nothing else reads it.
    const startedMs = performance.now()
    const plan = policy.solve?.(command)
    if (plan === undefined) return
    solveMs.push(performance.now() - startedMs)
    if (settling) post({ type: 'plan_ready', plan })
    else time.at(time.nowMs + planDelayMs, () => post({ type: 'plan_ready', plan }))
  }

  workloads.forEach(({ pipeline: { name, sloMs }, trace }, i) => {
    const arrivals = arrivalsOf?.(i) ??
      createArrivals(trace, createRandom(seedFor(seed, `arrivals ${name}`)))
    const chance = createRandom(seedFor(seed, `timeouts ${name}`))
    const timeoutMs = timeoutsMs === undefined ? () => sloMs : () => drawn(timeoutsMs, chance)
    const asks = createRandom(seedFor(seed, `floors ${name}`))
    const { share = 0, accuracy = 0 } = trace.floors ?? {}
    let count = 0
    const next = () => {
      const atMs = arrivals()
      if (atMs === Infinity) return
      time.at(atMs, () => {
        const query = `${name}-${count}`
        const deadlineMs = atMs + timeoutMs()
        account.arrived(query, i, atMs, deadlineMs)
        const payload = contents[i]!.root(count++)
        const floor = share > 0 && asks() < share ? { minAccuracy: accuracy } : {}
        post({ type: 'query_arrived', query, pipeline: name, deadlineMs, payload, ...floor })
        next()
      })
    }
    next()
  })

  pool.join()
  time.run(0)
  settling = false
  const mostMs = timeoutsMs?.[1] ?? Math.max(...workloads.map((w) => w.pipeline.sloMs))
  time.run(endS * 1000 + mostMs + AFTER_MS)
  pool.end()
  const silent = account.close()
  if (silent > 0) faults.set('query never answered', silent)
  const names = workloads.map(({ pipeline: { name } }) => name)
  return { result: resultOf(policy.name, account, names, solveMs, usage), faults }
}
