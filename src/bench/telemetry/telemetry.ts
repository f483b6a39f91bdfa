/**
 * What OpenTelemetry costs: queries through a coordinator without it, and with one query in a hundred
 * traced, none, or one in a hundred by the runtime alone, in turn, the same load generator. Once with a
 * node that does nothing, once with real queries. And what the coordinator's own part takes.
 *
 * @module
 */
import { join } from 'node:path'
import { ROOT } from '../../cli/root.ts'
import { median } from '../../cli/statistics.ts'
import { type BenchChild, cpuSeconds, startChild, untilReady } from '../child.ts'
import type { LoadOrder, LoadResult } from '../load.ts'
import { paddedPng } from '../overhead/padded_png.ts'

/** What exports, and which share of queries it traces. */
const KINDS = {
  nothing: undefined,
  'the runtime, 1 %': { told: 'plain', share: 0.01 },
  'Shoal, 0 %': { told: 'told', share: 0 },
  'Shoal, 1 %': { told: 'told', share: 0.01 },
} as const
type Kind = keyof typeof KINDS
const NAMES = Object.keys(KINDS) as Kind[]
/** A multiple of the kinds, so that each is first, second and last as often. */
const ROUNDS = 8
const RUN_MS = 2000
const WARM_UP_MS = 4000
const PASS_BYTES = 1000
const PASS_SLOTS = '4'
const SCENES = [
  { pipeline: 'pass', atOnce: 64 },
  { pipeline: 'shelf', atOnce: 1 },
] as const

type Scene = typeof SCENES[number]

interface Side {
  server: BenchChild<string>
  node: BenchChild<null> | undefined
}

const variables = (collector: string, share: number) => ({
  OTEL_DENO: 'true',
  OTEL_DENO_CONSOLE: 'ignore',
  OTEL_EXPORTER_OTLP_ENDPOINT: collector,
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: String(share),
})

async function startSide({ pipeline }: Scene, kind: Kind, collector: string): Promise<Side> {
  const exporting = KINDS[kind]
  const env = exporting === undefined ? {} : variables(collector, exporting.share)
  const args = [pipeline, exporting?.told ?? 'plain']
  const server = await startChild<string>('./telemetry/telemetry_server.ts', args, [], env)
  const node = pipeline === 'pass'
    ? await startChild<null>('./overhead/overhead_node.ts', ['shoal', server.ready, PASS_SLOTS])
    : undefined
  await untilReady(server.ready, kind)
  return { server, node }
}

async function runScene(scene: Scene, load: BenchChild<null>, collector: string) {
  const { pipeline, atOnce } = scene
  const sides = new Map<Kind, Side>()
  const runs = new Map<Kind, (LoadResult & { cpuUs: number })[]>()
  for (const kind of NAMES) {
    sides.set(kind, await startSide(scene, kind, collector))
    runs.set(kind, [])
  }

  async function run(kind: Kind, order: Pick<LoadOrder, 'bodies' | 'forMs'>) {
    const { ready, pid } = sides.get(kind)!.server
    const before = cpuSeconds(pid)
    const type = pipeline === 'pass' ? 'image/png' : 'image/jpeg'
    const result = await load.ask<LoadResult>({
      ...{ url: `${ready}/v1/pipelines/${pipeline}/infer`, type, atOnce, ...order },
    })
    const others = JSON.stringify(result.others)
    if (others !== '{}') throw new Error(`Cannot compare: ${kind} answered ${others}`)
    return { ...result, cpuUs: (cpuSeconds(pid) - before) * 1e6 / result.answered }
  }

  const body = pipeline === 'pass'
    ? paddedPng(PASS_BYTES)
    : await Deno.readFile(join(ROOT, 'demo', 'samples', 'shelf.jpg'))
  for (const kind of NAMES) await run(kind, { bodies: [body.toBase64()], forMs: WARM_UP_MS })
  for (let round = 0; round < ROUNDS; round++) {
    const first = round % NAMES.length
    for (const kind of [...NAMES.slice(first), ...NAMES.slice(0, first)]) {
      runs.get(kind)!.push(await run(kind, { forMs: RUN_MS }))
    }
  }
  for (const { server, node } of sides.values()) {
    await node?.end()
    await server.end()
  }

  const rounded = (value: number) => Math.round(1000 * value) / 1000
  type Part = 'perS' | 'p50Ms' | 'cpuUs'
  const of = (kind: Kind, part: Part) => median(runs.get(kind)!.map((one) => one[part]))
  const ratio = (kind: Kind, to: Kind, part: Part) =>
    rounded(median(runs.get(kind)!.map((one, i) => one[part] / runs.get(to)![i]![part])))
  return NAMES.map((kind) => ({
    ...{ pipeline, atOnce, exports: kind, 'per s': rounded(of(kind, 'perS')) },
    ...{ 'p50 ms': rounded(of(kind, 'p50Ms')), 'server CPU us': Math.round(of(kind, 'cpuUs')) },
    'CPU of nothing': ratio(kind, 'nothing', 'cpuUs'),
    'CPU of 0 %': ratio(kind, 'Shoal, 0 %', 'cpuUs'),
    'p50 of nothing': ratio(kind, 'nothing', 'p50Ms'),
  }))
}

export async function benchTelemetry() {
  const load = await startChild<null>('./load.ts')
  const sink = await startChild<string>('./telemetry/telemetry_sink.ts')
  const loop = await startChild<Record<string, number>>(
    './telemetry/telemetry_loop.ts',
    [],
    [],
    variables(sink.ready, 0),
  )
  await loop.end()
  const rows = []
  for (const scene of SCENES) rows.push(...await runScene(scene, load, sink.ready))
  const taken = await sink.ask<{ exports: number; bytes: number }>(null)
  await load.end()
  await sink.end()
  if (taken.exports === 0) throw new Error('Cannot compare: nothing was exported')
  console.log(`${ROUNDS} rounds of ${RUN_MS} ms each in turn`)
  console.table(rows)
  console.log('what Shoal does itself for a query, alone in a loop, at best')
  console.table(loop.ready)
  return { rows, loop: loop.ready, taken }
}
