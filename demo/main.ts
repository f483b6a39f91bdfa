/**
 * `deno task demo`: browser tabs and Deno nodes on this machine, a demand that rises past what the
 * most accurate models carry, and a page that says what became of it, beside other rules.
 *
 * @module
 */
import '../src/cli/deno_version.ts'
import { dirname, resolve } from 'node:path'
import { findChromium, NO_CHROMIUM } from '../src/cli/chromium.ts'
import { loadPipelines } from '../src/cli/pipelines/load.ts'
import { modelsFault } from '../src/cli/pipelines/models_fault.ts'
import { spawnNode } from '../src/cli/serve/spawn_node.ts'
import { launchTabs } from '../src/cli/tabs.ts'
import { checkWritable } from '../src/cli/writable.ts'
import { durationS } from '../src/sim/arrivals.ts'
import type { Trace } from '../src/sim/scenario_schema.ts'
import { type DemoArgs, readDemoArgs, USAGE } from './args.ts'
import { calibrate, type Capacity } from './calibrate.ts'
import { CLOSE_AT, demoDemand, topOf } from './demand.ts'
import { demoBodies } from './demo_bodies.ts'
import { scaled } from './load/demand.ts'
import { play, type Played } from './play.ts'
import { type DemoRecord, machine } from './record.ts'
import { reportPage } from './report.ts'
import { openScene, type Scene } from './scene.ts'

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${name}-${i + 1}`)

function demandOf({ trace, scale, seconds }: DemoArgs, capacity: Capacity): Trace {
  if (trace === undefined) return scaled(demoDemand(capacity, seconds), scale ?? 1)
  return scaled(trace, scale ?? topOf(capacity) / Math.max(...trace.rates, 1e-9))
}

async function main(args: DemoArgs): Promise<DemoRecord> {
  const startMs = performance.now()
  const say = (line: string) =>
    console.error(`${((performance.now() - startMs) / 1000).toFixed(0).padStart(4)} s  ${line}`)
  const executable = args.tabs > 0 ? await findChromium() : undefined
  if (args.tabs > 0 && executable === undefined) {
    fail(`Cannot open tabs: ${NO_CHROMIUM}`)
  }
  say(`preparing ${args.dir}`)
  const [loaded] = await loadPipelines([args.dir], (line) => say(`  ${line}`))
  const { name, sloMs } = loaded!.pipeline
  const bodies = await demoBodies(args.dir, name)
  const browser = executable === undefined ? undefined : await launchTabs(executable, {
    processors: 1,
  })
  const tabNames = numbered('tab', args.tabs)
  const played: Played[] = []
  let nodes: DemoRecord['nodes'] = []
  let capacity: Capacity | undefined
  let trace: Trace | undefined
  let port = 0
  try {
    for (const policy of args.policies) {
      say(`${policy}: ${args.tabs} tabs and ${args.nodes} Deno nodes join`)
      const scene: Scene = await openScene({
        pipelines: [loaded!],
        policy,
        port,
        say,
        ...(browser === undefined ? {} : { tabs: { browser, names: tabNames } }),
        nodes: numbered('deno', args.nodes),
        startNode: (url, name) => spawnNode(url, name, ['--slots', '1', '--gpu', 'off']),
      })
      try {
        port = scene.port
        const { pool, url } = scene.coordinator
        if (trace === undefined) {
          nodes = pool.nodes().map(({ name, runtime, backend, slots }) => ({
            name,
            runtime,
            backend,
            slots,
          }))
          say(`finding out what they carry (watch them at ${url})`)
          const seconds = args.calibrateS
          capacity = await calibrate(scene, { pipeline: loaded!.pipeline, bodies, seconds })
          const { bestPerS, mostPerS } = capacity
          say(
            `  the most accurate path: ${bestPerS.toFixed(1)} queries a second; ` +
              `at any accuracy: ${mostPerS.toFixed(1)}`,
          )
          trace = demandOf(args, capacity)
        }
        const lengthS = durationS(trace)
        say(`${policy}: ${lengthS} s of demand, up to ${Math.max(...trace.rates).toFixed(1)}/s`)
        const closings = tabNames.slice(0, args.closings)
          .map((tab, i) => ({ tab, atS: lengthS * (CLOSE_AT + 0.02 * i) }))
        played.push(
          await play({
            scene,
            policy,
            pipeline: name,
            sloMs,
            trace,
            bodies,
            closings,
            say,
            seed: args.seed,
          }),
        )
      } finally {
        await scene.end()
      }
    }
  } finally {
    await browser?.end()
  }
  return {
    schema: 'shoal-demo/1',
    pipeline: name,
    sloMs,
    seed: args.seed,
    machine: machine(),
    nodes,
    capacity: capacity!,
    demand: trace!,
    tasks: Object.fromEntries(
      Object.entries(loaded!.pipeline.tasks).map(([task, { variants }]) => [
        task,
        Object.entries(variants).sort(([, a], [, b]) => b.accuracy - a.accuracy)
          .map(([variant]) => variant),
      ]),
    ),
    played,
    tookS: Math.round((performance.now() - startMs) / 1000),
  }
}

const args = await readDemoArgs(Deno.args).catch((error) => fail(`${error.message}\n\n${USAGE}`))
if (args === undefined) {
  console.log(USAGE)
  Deno.exit(0)
}
const report = resolve(args.report)
await Deno.mkdir(dirname(report), { recursive: true }).catch((error) =>
  fail(`Cannot write ${report}: ${error.message}`)
)
for (const file of [report, args.json]) {
  if (file !== '-') await checkWritable(file).catch((error) => fail(error.message))
}
const record = await main(args).catch((error) =>
  fail(error instanceof RangeError ? error.message : modelsFault(error))
)
await Deno.writeTextFile(report, reportPage(record))
const json = JSON.stringify(record, null, 2)
if (args.json === '-') console.log(json)
else await Deno.writeTextFile(args.json, json + '\n')
for (const { policy, result } of record.played) {
  const { queries, onTime, violationRatio, effectiveAccuracy } = result
  console.error(
    `${policy.padEnd(8)} ${onTime} of ${queries} on time, ` +
      `violations ${(100 * violationRatio).toFixed(2)} %, ` +
      `accuracy ${effectiveAccuracy?.toFixed(4) ?? '-'}`,
  )
}
console.error(`the report: ${report}`)
Deno.exit(0)
