/**
 * What OpenTelemetry costs: queries through a coordinator without it, and with one query in a hundred
 * traced, none, or one in a hundred by the runtime alone, in turn, the same load generator. Once with a
 * node that does nothing, once with real queries. And what the coordinator's own part takes.
 * @module
 */
import { join } from 'node:path'
import { ROOT } from '../../cli/root.ts'
import { cpuSeconds, startChild } from '../child.ts'
import { type AskOrder, type Load, type LoadResult, startLoad } from '../overload/overload_load.ts'
import { paddedPng } from '../overhead/padded_png.ts'
import { startServer } from '../server.ts'
import { inTurn, medianOf } from '../tools.ts'

/** Which share of queries is traced, and whether the coordinator tells of them itself. */
const KINDS = {
  nothing: undefined,
  'the runtime, 1 %': { otel: false, share: 0.01 },
  'Shoal, 0 %': { otel: true, share: 0 },
  'Shoal, 1 %': { otel: true, share: 0.01 },
} as const
type Kind = keyof typeof KINDS
const NAMES = Object.keys(KINDS) as Kind[]
/** A multiple of the kinds, so that each is first, second and last as often. */
const ROUNDS = 8
const RUN_MS = 2000
const WARM_UP_MS = 4000
const SCENES = [
  { pipeline: 'pass', type: 'image/png', atOnce: 64 },
  { pipeline: 'shelf', type: 'image/jpeg', atOnce: 1 },
]

type Run = LoadResult & { cpuUs: number }

const variables = (collector: string, share: number) => ({
  ...{ OTEL_DENO: 'true', OTEL_DENO_CONSOLE: 'ignore', OTEL_EXPORTER_OTLP_ENDPOINT: collector },
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: String(share),
})

async function runScene(scene: typeof SCENES[number], load: Load, collector: string) {
  const { pipeline } = scene
  const sides = {} as { [kind in Kind]: Awaited<ReturnType<typeof startServer>> }
  const order = pipeline === 'pass' ? { idle: true } : { pipeline, nodes: 1 }
  for (const kind of NAMES) {
    const telling = KINDS[kind]
    const env = telling === undefined ? {} : variables(collector, telling.share)
    sides[kind] = await startServer({ ...order, otel: telling?.otel ?? false }, env)
  }

  async function run(kind: Kind, order: Pick<AskOrder, 'bodies' | 'forMs'>): Promise<Run> {
    const { ready: { url }, pid } = sides[kind]
    const before = cpuSeconds(pid)
    const result = await load.figures({ url, ...scene, ...order })
    return { ...result, cpuUs: (cpuSeconds(pid) - before) * 1e6 / result.answered }
  }

  const body = pipeline === 'pass'
    ? paddedPng(1000)
    : await Deno.readFile(join(ROOT, 'demo', 'samples', 'shelf.jpg'))
  for (const kind of NAMES) await run(kind, { bodies: [body.toBase64()], forMs: WARM_UP_MS })
  const runs = Object.fromEntries(NAMES.map((kind) => [kind, () => run(kind, { forMs: RUN_MS })]))
  const rounds = await inTurn(ROUNDS, runs as { [kind in Kind]: () => Promise<Run> })
  await Promise.all(Object.values(sides).map((side) => side.end()))

  type Part = 'p50Ms' | 'cpuUs'
  const of = (kind: Kind, part: Part, digits: number) =>
    medianOf(rounds, (one) => one[kind][part], digits)
  const ratio = (kind: Kind, to: Kind, part: Part) =>
    medianOf(rounds, (one) => one[kind][part] / one[to][part], 3)
  return NAMES.map((kind) => ({
    ...{ pipeline, exports: kind, 'p50 ms': of(kind, 'p50Ms', 3) },
    ...{ 'server CPU us': of(kind, 'cpuUs', 0), 'CPU of nothing': ratio(kind, 'nothing', 'cpuUs') },
    'CPU of 0 %': ratio(kind, 'Shoal, 0 %', 'cpuUs'),
    'p50 of nothing': ratio(kind, 'nothing', 'p50Ms'),
  }))
}

/** Takes what is exported and does nothing with it. */
function startSink() {
  let exports = 0
  const server = Deno.serve(
    { hostname: '127.0.0.1', port: 0, onListen: () => {} },
    async (request) => {
      exports++
      await request.arrayBuffer()
      return new Response()
    },
  )
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    exports: () => exports,
    end: () => server.shutdown(),
  }
}

export async function bench() {
  const load = await startLoad()
  const sink = startSink()
  const { ready: loop, end } = await startChild<Record<string, number>>(
    ...['./telemetry/telemetry_loop.ts', [], [], variables(sink.url, 0)] as const,
  )
  await end()
  const rows = []
  for (const scene of SCENES) rows.push(...await runScene(scene, load, sink.url))
  await Promise.all([load.end(), sink.end()])
  if (sink.exports() === 0) throw new Error('Cannot compare: nothing was exported')
  console.log(`${ROUNDS} rounds of ${RUN_MS} ms each in turn`)
  console.table(rows)
  console.log('what Shoal does itself for a query, alone in a loop, at best')
  console.table(loop)
  return { rows, loop }
}
