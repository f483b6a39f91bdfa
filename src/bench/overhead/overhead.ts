/**
 * What the coordinator costs: queries per second through it to a node that does nothing and back,
 * against a bare Hono and WebSocket hop of the same payloads, in turn, the same load generator.
 *
 * @module
 */
import { median } from '../../cli/statistics.ts'
import { type BenchChild, cpuSeconds, startChild, untilReady } from '../child.ts'
import type { LoadOrder, LoadResult } from '../load.ts'
import { paddedPng } from './padded_png.ts'

const SIZES = { '1 KB': 1000, '100 KB': 100_000 }
const AT_ONCE = [16, 64]
/** Even, so that the median has as many in which one was first as the other. */
const PAIRS = 8
const RUN_MS = 2000
const WARM_UP_MS = 4000
/** Slots of the node: the more, the smaller the batches. */
const SLOTS = 4
const KINDS = ['bare', 'shoal'] as const

type Kind = typeof KINDS[number]

interface Side {
  server: BenchChild<string>
  node: BenchChild<null>
}

async function startSide(kind: Kind): Promise<Side> {
  const server = await startChild<string>('./overhead/overhead_server.ts', [kind])
  const args = [kind, server.ready, String(SLOTS)]
  const node = await startChild<null>('./overhead/overhead_node.ts', args)
  await untilReady(server.ready, kind)
  return { server, node }
}

export async function benchOverhead() {
  const load = await startChild<null>('./load.ts')
  const sides = { bare: await startSide('bare'), shoal: await startSide('shoal') }
  const cpuUs: { [kind in Kind]: number[] } = { bare: [], shoal: [] }
  /** Of node and load generator: where processors are few, their share is missing in the rate. */
  const besidesUs: { [kind in Kind]: number[] } = { bare: [], shoal: [] }
  const run = async (kind: Kind, order: Pick<LoadOrder, 'bodies' | 'atOnce' | 'forMs'>) => {
    const { server: { ready, pid }, node } = sides[kind]
    const besides = () => cpuSeconds(node.pid) + cpuSeconds(load.pid)
    const before = cpuSeconds(pid)
    const besidesBefore = besides()
    const result = await load.ask<LoadResult>({
      ...{ url: `${ready}/v1/pipelines/pass/infer`, type: 'image/png' },
      ...order,
    })
    const others = JSON.stringify(result.others)
    if (others !== '{}') throw new Error(`Cannot compare: ${kind} answered ${others}`)
    cpuUs[kind].push((cpuSeconds(pid) - before) * 1e6 / result.answered)
    besidesUs[kind].push((besides() - besidesBefore) * 1e6 / result.answered)
    return result
  }
  const rows = []
  for (const [payload, size] of Object.entries(SIZES)) {
    const bodies = [paddedPng(size).toBase64()]
    for (const kind of KINDS) await run(kind, { bodies, atOnce: 64, forMs: WARM_UP_MS })
    for (const atOnce of AT_ONCE) {
      const results: { [kind in Kind]: LoadResult[] } = { bare: [], shoal: [] }
      for (const kind of KINDS) {
        cpuUs[kind] = []
        besidesUs[kind] = []
      }
      for (let pair = 0; pair < PAIRS; pair++) {
        // Each is first every other time: a machine that grows slower favours who is.
        const order = pair % 2 === 0 ? KINDS : KINDS.toReversed()
        for (const kind of order) results[kind].push(await run(kind, { atOnce, forMs: RUN_MS }))
      }
      const of = (kind: Kind, part: 'perS' | 'p50Ms' | 'p99Ms') =>
        Math.round(10 * median(results[kind].map((result) => result[part]))) / 10
      const ratios = results.shoal.map(({ perS }, i) => perS / results.bare[i]!.perS)
      rows.push({
        ...{ payload, atOnce, barePerS: of('bare', 'perS'), shoalPerS: of('shoal', 'perS') },
        ratio: Math.round(1000 * median(ratios)) / 1000,
        ratios: ratios.map((ratio) => Math.round(100 * ratio) / 100).join(' '),
        'p50 ms': `${of('bare', 'p50Ms')} / ${of('shoal', 'p50Ms')}`,
        'p99 ms': `${of('bare', 'p99Ms')} / ${of('shoal', 'p99Ms')}`,
        'server CPU us': KINDS.map((kind) => Math.round(median(cpuUs[kind]))).join(' / '),
        'other CPU us': KINDS.map((kind) => Math.round(median(besidesUs[kind]))).join(' / '),
      })
    }
  }
  for (const { server, node } of Object.values(sides)) {
    await node.end()
    await server.end()
  }
  await load.end()
  console.log(`bare / Shoal, ${PAIRS} pairs of ${RUN_MS} ms in turn, a node of ${SLOTS} slots`)
  console.table(rows)
  return rows
}
