/**
 * `deno task bench [NAME] [--json FILE]`: the benchmarks of speed, as tables and JSON.
 *
 * @module
 */
import './deno_version.ts'
import { parseArgs } from 'node:util'
import { benchBackends } from './bench_backends.ts'
import { benchDeadline } from './bench_deadline.ts'
import { benchDispatch } from './bench_dispatch.ts'
import { benchDuty } from './bench_duty.ts'
import { benchEfficiency } from './bench_efficiency.ts'
import { benchFailover } from './bench_failover.ts'
import { benchIdle } from './bench_idle.ts'
import { benchMemory } from './bench_memory.ts'
import { benchOverhead } from './bench_overhead.ts'
import { benchRejoin } from './bench_rejoin.ts'
import { benchRequeue } from './bench_requeue.ts'
import { benchPlanner } from './bench_planner.ts'

/** Each prints its table and returns what goes into the JSON. */
const BENCHES: Record<string, () => Promise<unknown>> = {
  idle: benchIdle,
  deadline: benchDeadline,
  failover: benchFailover,
  backends: benchBackends,
  duty: benchDuty,
  memory: benchMemory,
  requeue: benchRequeue,
  rejoin: benchRejoin,
  planner: benchPlanner,
  dispatch: benchDispatch,
  overhead: benchOverhead,
  efficiency: benchEfficiency,
}

const { values, positionals } = parseArgs({
  args: Deno.args,
  options: { json: { type: 'string' } },
  allowPositionals: true,
})
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
