/** A coordinator, nodes that are processes behind links that can be cut, and an open load. @module */
import { join } from 'node:path'
import { createRandom, exponential, seedFor } from '../../sim/random.ts'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { withQuickest } from '../../cli/pipelines/fewer_variants.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { ROOT } from '../../cli/root.ts'
import { samplesOf } from '../../cli/serve/samples.ts'
import { openPool } from '../pool.ts'
import { count, type Counts, infer, outcomeOf, pause, watching } from '../tools.ts'
import { type LinkProxy, startLinkProxy } from './proxy.ts'

export interface ChaosNode {
  child: Deno.ChildProcess
  proxy: LinkProxy
}

export interface LoadOutcome {
  /** Answers by status and reason; `lost` for none at all. */
  statuses: Counts
  /** Infinity where there was no result. */
  latenciesMs: number[]
}

export interface ChaosOptions {
  /** Folder of the pipeline. */
  dir?: string
  /** Where tabs join. */
  pages?: boolean
  /** Budget of a query; by default the pipeline's. */
  timeoutMs?: number
}

export type ChaosScene = Awaited<ReturnType<typeof startChaosScene>>

export async function startChaosScene(options: ChaosOptions = {}) {
  const { dir = join(ROOT, 'profiles', 'ocr'), timeoutMs } = options
  const pipelines = (await loadPipelines([dir], () => {})).map((one) => withQuickest(one))
  const { name: pipelineName, sloMs } = pipelines[0]!.pipeline
  const [sample] = await samplesOf(dir, pipelineName)
  const counts = new Map<string, number>()
  /** How often each node joined, by its id. */
  const joins: Counts = {}
  const bench = openPool({
    ...{ pipelines, hedge: true },
    wrap: (scheduler) =>
      watching(scheduler, (event) => {
        if (event.type === 'query_arrived') counts.set(event.query, 0)
        if (event.type === 'node_joined') count(joins, event.node)
      }, (command) => {
        if (command.type !== 'answer') return
        counts.set(command.query, (counts.get(command.query) ?? 0) + 1)
      }),
    ...(options.pages === true ? { assets: await buildAssets() } : {}),
  })
  const { localUrl } = bench
  const nodes = new Map<string, ChaosNode>()

  const full = (name: string, joined = 0) =>
    bench.full(name, ({ id, state }) => state !== 'paused' && (joins[id] ?? 0) > joined)

  /** One query; its status, or `lost`. */
  async function ask(budgetMs = timeoutMs ?? sloMs) {
    const startMs = performance.now()
    const took = () => performance.now() - startMs
    try {
      const type = String(sample!.meta['type'])
      // An answer comes by its deadline; a query without one long after it is lost.
      const signal = AbortSignal.timeout(budgetMs + 10_000)
      const picture = sample!.bytes as Uint8Array<ArrayBuffer>
      const asking = { type, timeoutMs: budgetMs, signal }
      const { status, body } = await outcomeOf(
        await infer(localUrl, pipelineName, picture, asking),
      )
      return { status, outputs: body.outputs as unknown, latencyMs: took() }
    } catch {
      return { status: 'lost', outputs: undefined, latencyMs: took() }
    }
  }

  return {
    ...bench,
    ...{ pipelineName, nodes, ask },
    /** Resolves when it holds all that is served. */
    async addNode(name: string): Promise<ChaosNode> {
      const proxy = startLinkProxy(new URL(localUrl))
      const child = bench.spawn(name, { url: proxy.url })
      const node = { child, proxy }
      nodes.set(name, node)
      await full(name)
      return node
    },
    /** Ends it without a word. Resolves when it is gone. */
    async kill(name: string): Promise<void> {
      const node = nodes.get(name)
      nodes.delete(name)
      await bench.kill(name)
      node?.proxy.close()
    },
    /**
     * Resolves when it is heard of and holds all that is served, or was killed meanwhile.
     *
     * @param anew only once it has joined again
     * @throws Error when it ended by itself
     */
    async isBack(name: string, anew = false): Promise<void> {
      const joined = anew ? joins[bench.find(name)?.id ?? ''] : 0
      await full(name, joined).catch((error) => {
        if (nodes.has(name)) throw error
      })
    },
    /** So many queries, arriving at random at this rate. */
    async load(many: number, perS: number, seed: number): Promise<LoadOutcome> {
      const random = createRandom(seedFor(seed, 'arrivals'))
      const outcome: LoadOutcome = { statuses: {}, latenciesMs: [] }
      const all: Promise<void>[] = []
      let dueMs = performance.now()
      for (let i = 0; i < many; i++) {
        dueMs += exponential(random, 1000 / perS)
        await pause(Math.max(0, dueMs - performance.now()))
        all.push(
          ask().then(({ status, latencyMs }) => {
            count(outcome.statuses, status)
            outcome.latenciesMs.push(status === '200' ? latencyMs : Infinity)
          }),
        )
      }
      await Promise.all(all)
      return outcome
    },
    /** Queries by the number of answers that the scheduler gave them. */
    answers(): { [count: number]: number } {
      const tally: Counts = {}
      for (const given of counts.values()) count(tally, given)
      counts.clear()
      return tally
    },
    async end() {
      await bench.end()
      for (const { proxy } of nodes.values()) proxy.close()
    },
  }
}
