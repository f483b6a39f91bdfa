/**
 * `deno task bench [NAME...]`: the benchmarks of speed, as tables and JSON.
 *
 * @module
 */
import './deno_version.ts'
import { parseArgs } from 'node:util'
import { POLICY_NAMES } from '../policy/policies.ts'
import { benchBackends } from './bench/backends.ts'
import { benchChaos } from './bench/chaos.ts'
import { benchCurve } from './bench/curve.ts'
import { benchDashboard } from './bench/dashboard.ts'
import { benchDeadline } from './bench/deadline.ts'
import { benchDispatch } from './bench/dispatch.ts'
import { benchDuty } from './bench/duty.ts'
import { benchEfficiency } from './bench/efficiency.ts'
import { benchFailover } from './bench/failover.ts'
import { benchIdle } from './bench/idle.ts'
import { benchJoin } from './bench/join.ts'
import { benchLive, type LiveOptions } from './bench/live.ts'
import { benchMemory } from './bench/memory.ts'
import { benchOdd } from './bench/odd.ts'
import { benchOverhead } from './bench/overhead.ts'
import { benchOverload } from './bench/overload.ts'
import { benchPages } from './bench/pages.ts'
import { benchPlanner } from './bench/planner.ts'
import { benchRejoin } from './bench/rejoin.ts'
import { benchRequeue } from './bench/requeue.ts'
import { benchRestart } from './bench/restart.ts'
import { benchShared } from './bench/shared.ts'
import { benchSoak } from './bench/soak.ts'
import { benchTrust } from './bench/trust.ts'
import { benchTwin } from './bench/twin.ts'
import { benchTwinLive } from './bench/twin_live.ts'
import { benchWake } from './bench/wake.ts'
import { modelsFault } from './pipelines/models_fault.ts'
import { checkWritable } from './writable.ts'

const USAGE = `deno task bench [NAME...] [options]; all of them, one after another, if none is named
  --json FILE      the figures of all as JSON
of live:
  --pipeline DIR   folder of a pipeline; ocr if absent
  --tabs 0, --nodes 2    browser tabs and Deno processes that join
  --queries 200    queries of each step
  --policy static,shoal  rules to play the same demand to
  --multiples 0.5,1,2    steps, as multiples of what static carries
  --trace FILE     writes what the rules heard and said, and every answer, to FILE.POLICY
  --budget S, --for S    seconds for each policy at most, and in this call
  --from FILE      goes on with what live --json FILE wrote, on as many nodes; of twin and curve, too
of others:
  --svg FILE       curve: where it is drawn
  --seconds 20     overload, shared
  --minutes 1, --rate N    soak: how long, and queries a second
  --queries 2000, --pipeline DIR    chaos`

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

const { values, positionals } = options()

function options() {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: Deno.args,
      options: {
        ...{ json: text, pipeline: text, queries: text, policy: text, trace: text, from: text },
        ...{ tabs: text, nodes: text, multiples: text, budget: text, for: text, svg: text },
        ...{ seconds: text, minutes: text, rate: text, help: { type: 'boolean' } },
      } as const,
      allowPositionals: true,
    })
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`)
  }
}

function count(name: 'queries' | 'tabs' | 'nodes' | 'budget' | 'for', least: number) {
  const given = values[name]
  if (given === undefined) return undefined
  if (/^\d{1,6}$/.test(given) && Number(given) >= least) return Number(given)
  return fail(`Cannot use --${name}: must be an integer from ${least}: received ${given}`)
}

function live(): Promise<unknown> {
  const { policy, trace, pipeline, from, multiples } = values
  const given = {
    ...{ queries: count('queries', 1), budgetS: count('budget', 1), forS: count('for', 1) },
    ...{ tabs: count('tabs', 0), nodes: count('nodes', 0), trace, pipeline, from },
    policies: policy?.split(',').filter(Boolean),
    multiples: multiples?.split(',').map(Number),
  }
  if (given.multiples?.some((one) => !(one > 0))) {
    fail(`Cannot use --multiples: must be numbers above 0: received ${multiples}`)
  }
  const unknown = given.policies?.find((name) => !POLICY_NAMES.some((one) => one === name))
  if (unknown !== undefined) {
    fail(`Cannot use --policy: must be of ${POLICY_NAMES.join(', ')}: received ${unknown}`)
  }
  const known = Object.entries(given).filter(([, value]) => value !== undefined)
  return benchLive(Object.fromEntries(known) as LiveOptions)
}

function curve(): Promise<unknown> {
  const { from, svg } = values
  if (from === undefined || svg === undefined) fail('Cannot draw: --from and --svg are needed')
  return benchCurve(from, svg)
}

function above0(name: 'seconds' | 'minutes' | 'rate'): number | undefined {
  const text = values[name]
  if (text === undefined || Number(text) > 0) return text === undefined ? undefined : Number(text)
  return fail(`Cannot use --${name}: must be a number above 0: received ${text}`)
}

function soak(): Promise<unknown> {
  const minutes = above0('minutes')
  const ratePerS = above0('rate')
  return benchSoak({
    ...minutes === undefined ? {} : { minutes },
    ...ratePerS === undefined ? {} : { ratePerS },
  })
}

function overload(): Promise<unknown> {
  const seconds = above0('seconds')
  return benchOverload(seconds === undefined ? {} : { seconds })
}

function shared(): Promise<unknown> {
  const [nodes, seconds] = [count('nodes', 1), above0('seconds')]
  return benchShared({
    ...nodes === undefined ? {} : { nodes },
    ...seconds === undefined ? {} : { seconds },
  })
}

/** Each prints its table and returns what goes into the JSON. */
const BENCHES: Record<string, () => Promise<unknown>> = {
  idle: benchIdle,
  deadline: benchDeadline,
  failover: benchFailover,
  backends: benchBackends,
  duty: benchDuty,
  memory: benchMemory,
  wake: benchWake,
  live,
  shared,
  twin: () => values.from === undefined ? benchTwin() : benchTwinLive(values.from),
  requeue: benchRequeue,
  rejoin: benchRejoin,
  overload,
  soak,
  planner: benchPlanner,
  dispatch: benchDispatch,
  overhead: benchOverhead,
  efficiency: benchEfficiency,
  odd: benchOdd,
  dashboard: benchDashboard,
  trust: () => Promise.resolve(benchTrust()),
  restart: benchRestart,
  chaos: () =>
    benchChaos({
      ...values.pipeline === undefined ? {} : { dir: values.pipeline },
      ...values.queries === undefined ? {} : { queries: count('queries', 1)! },
    }),
  join: benchJoin,
  pages: benchPages,
}

/** Only by name: they need what another wrote. */
const NAMED: Record<string, () => Promise<unknown>> = { curve }

if (values.help) {
  console.log(`${USAGE}\n\nThere are ${Object.keys({ ...BENCHES, ...NAMED }).join(', ')}.`)
  Deno.exit(0)
}

const names = positionals.length > 0 ? positionals : Object.keys(BENCHES)
const all = { ...BENCHES, ...NAMED }
const unknown = names.find((name) => !Object.hasOwn(all, name))
if (unknown !== undefined) {
  fail(`Cannot run bench ${unknown}: there are ${Object.keys(all).join(', ')}`)
}
if (values.json !== undefined) {
  await checkWritable(values.json).catch((error) => fail(error.message))
}
const results: Record<string, unknown> = {}
for (const name of names) {
  console.log(`\n== ${name}`)
  results[name] = await all[name]!().catch((error) =>
    fail(error instanceof RangeError ? error.message : modelsFault(error))
  )
  // After each: those before are not lost with one that fails.
  if (values.json !== undefined) {
    await Deno.writeTextFile(values.json, JSON.stringify(results, null, 2) + '\n')
  }
}
Deno.exit(0)
