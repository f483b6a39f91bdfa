/**
 * `deno task bench [NAME] [--json FILE]`: the benchmarks of speed, as tables and JSON.
 *
 * Of `live` alone: `--queries N` a step, `--policy static,shoal`, `--trace FILE`. Of `twin` alone:
 * `--from FILE`, what `live --json FILE` wrote. Of `overload`: `--seconds N`. Of `soak`: `--minutes N`,
 * `--rate N`. Of `chaos`: `--queries N` in all, `--pipeline DIR`.
 *
 * @module
 */
import './deno_version.ts'
import { parseArgs } from 'node:util'
import { benchBackends } from './bench_backends.ts'
import { benchDashboard } from './bench_dashboard.ts'
import { benchDeadline } from './bench_deadline.ts'
import { benchDispatch } from './bench_dispatch.ts'
import { benchDuty } from './bench_duty.ts'
import { benchEfficiency } from './bench_efficiency.ts'
import { benchFailover } from './bench_failover.ts'
import { benchIdle } from './bench_idle.ts'
import { benchJoin } from './bench_join.ts'
import { benchLive } from './bench_live.ts'
import { benchMemory } from './bench_memory.ts'
import { benchOverhead } from './bench_overhead.ts'
import { benchOverload } from './bench_overload.ts'
import { benchOdd } from './bench_odd.ts'
import { benchRejoin } from './bench_rejoin.ts'
import { benchRequeue } from './bench_requeue.ts'
import { benchPages } from './bench_pages.ts'
import { benchPlanner } from './bench_planner.ts'
import { benchSoak } from './bench_soak.ts'
import { benchChaos } from './bench_chaos.ts'
import { benchRestart } from './bench_restart.ts'
import { benchTrust } from './bench_trust.ts'
import { benchTwin } from './bench_twin.ts'
import { benchTwinLive } from './bench_twin_live.ts'
import { benchWake } from './bench_wake.ts'

const text = { type: 'string' } as const
const { values, positionals } = parseArgs({
  args: Deno.args,
  options: {
    ...{ json: text, pipeline: text, queries: text, policy: text, trace: text, from: text },
    ...{ seconds: text, minutes: text, rate: text },
  },
  allowPositionals: true,
})

function live(): Promise<unknown> {
  const { queries, policy, trace } = values
  if (queries !== undefined && !/^[1-9]\d{0,5}$/.test(queries)) {
    console.error(`Cannot use --queries: must be a positive integer: received ${queries}`)
    Deno.exit(1)
  }
  return benchLive({
    ...queries === undefined ? {} : { queries: Number(queries) },
    ...policy === undefined ? {} : { policies: policy.split(',') },
    ...trace === undefined ? {} : { trace },
  })
}

function above0(name: 'seconds' | 'minutes' | 'rate'): number | undefined {
  const text = values[name]
  if (text === undefined || Number(text) > 0) return text === undefined ? undefined : Number(text)
  console.error(`Cannot use --${name}: must be a number above 0: received ${text}`)
  Deno.exit(1)
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
      ...values.queries === undefined ? {} : { queries: Number(values.queries) },
    }),
  join: benchJoin,
  pages: benchPages,
}

const names = positionals.length > 0 ? positionals : Object.keys(BENCHES)
const results: Record<string, unknown> = {}
for (const name of names) {
  const bench = BENCHES[name]
  if (bench === undefined) {
    console.error(`Cannot run bench ${name}: there are ${Object.keys(BENCHES).join(', ')}`)
    Deno.exit(1)
  }
  console.log(`\n== ${name}`)
  results[name] = await bench()
}
if (values.json !== undefined) {
  await Deno.writeTextFile(values.json, JSON.stringify(results, null, 2) + '\n')
}
Deno.exit(0)
