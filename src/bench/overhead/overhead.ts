/**
 * What the coordinator costs: queries per second through it to a node that does nothing and back,
 * against a bare Hono and WebSocket hop of the same payloads, in turn, the same load generator.
 * @module
 */
import { cpuSeconds, startChild } from '../child.ts'
import { type AskOrder, type LoadResult, startLoad } from '../overload/overload_load.ts'
import { type ServerReady, startServer } from '../server.ts'
import { inTurn, medianOf } from '../tools.ts'
import { paddedPng } from './padded_png.ts'

const SIZES = { '1 KB': 1000, '100 KB': 100_000 }
const AT_ONCE = [16, 64]
/** Even, so that the median has as many in which one was first as the other. */
const PAIRS = 8
const RUN_MS = 2000
const WARM_UP_MS = 4000
const KINDS = ['bare', 'shoal'] as const

interface Run extends LoadResult {
  /** Processor time of a query: of the server, and of node and load generator. */
  cpuUs: number
  othersUs: number
}

export async function bench() {
  const load = await startLoad()
  const sides = {
    bare: await startChild<ServerReady>('./overhead/bare_server.ts'),
    shoal: await startServer({ idle: true }),
  }
  const run =
    (kind: typeof KINDS[number], order: Pick<AskOrder, 'bodies' | 'atOnce' | 'forMs'>) =>
    async (): Promise<Run> => {
      const { ready: { url, nodes: [node] }, pid } = sides[kind]
      const cpuS = () => [cpuSeconds(pid), cpuSeconds(node!) + cpuSeconds(load.pid)]
      const before = cpuS()
      const result = await load.figures({ url, pipeline: 'pass', type: 'image/png', ...order })
      const [cpuUs, othersUs] = cpuS().map((s, i) => (s - before[i]!) * 1e6 / result.answered)
      return { ...result, cpuUs: cpuUs!, othersUs: othersUs! }
    }
  const rows = []
  for (const [payload, size] of Object.entries(SIZES)) {
    const bodies = [paddedPng(size).toBase64()]
    for (const kind of KINDS) await run(kind, { bodies, atOnce: 64, forMs: WARM_UP_MS })()
    for (const atOnce of AT_ONCE) {
      const order = { atOnce, forMs: RUN_MS }
      const pairs = await inTurn(PAIRS, { bare: run('bare', order), shoal: run('shoal', order) })
      const of = (part: keyof Run, digits = 0) =>
        KINDS.map((kind) => medianOf(pairs, (pair) => pair[kind][part], digits))
      const [barePerS, shoalPerS] = of('perS', 1)
      rows.push({
        ...{ payload, atOnce, barePerS, shoalPerS },
        ratio: medianOf(pairs, ({ bare, shoal }) => shoal.perS / bare.perS, 3),
        ...{ 'p50 ms': of('p50Ms', 1).join(' / '), 'server CPU us': of('cpuUs').join(' / ') },
        'other CPU us': of('othersUs').join(' / '),
      })
    }
  }
  await Promise.all([load, ...Object.values(sides)].map((one) => one.end()))
  console.log(`bare / Shoal, ${PAIRS} pairs of ${RUN_MS} ms in turn`)
  return rows
}
