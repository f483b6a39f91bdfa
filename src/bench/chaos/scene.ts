/**
 * A coordinator with nodes that are processes, each behind a link that can be cut, and an open load.
 *
 * @module
 */
import { join } from 'node:path'
import type { PolicyCommand, Scheduler } from '../../policy/core/types.ts'
import { createRandom, exponential, seedFor } from '../../sim/random.ts'
import { type Coordinator, startCoordinator } from '../../cli/serve/coordinator.ts'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { withQuickest } from '../../cli/pipelines/fewer_variants.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { fromFileUrl, ROOT } from '../../cli/root.ts'
import { spawnTied } from '../../cli/tied.ts'
import { samplesOf } from '../../cli/serve/samples.ts'
import { createOwnToken, trustOptions } from '../../cli/serve/trust.ts'
import { type LinkProxy, startLinkProxy } from './proxy.ts'

const ENTRY = fromFileUrl(new URL('./node.ts', import.meta.url))

export interface ChaosNode {
  name: string
  child: Deno.ChildProcess
  proxy: LinkProxy
  hasEnded(): boolean
}

export interface LoadOutcome {
  /** Answers by status and reason; `lost` for none at all. */
  statuses: { [status: string]: number }
  /** Infinity where there was no result. */
  latenciesMs: number[]
  /** Bodies of the results, in the order of the queries; undefined where there was none. */
  outputs: unknown[]
}

export interface ChaosScene extends Coordinator {
  pipelineName: string
  nodes: Map<string, ChaosNode>
  lines: string[]
  /** Resolves when it holds all that is served. */
  addNode(name: string, options?: { own?: boolean; lie?: string }): Promise<ChaosNode>
  /**
   * Resolves when it is heard of and holds all that is served, or was killed meanwhile.
   *
   * @param anew only once it has joined again
   * @throws Error when it ended by itself
   */
  isBack(name: string, anew?: boolean): Promise<void>
  /** Ends it without a word. Resolves when it is gone. */
  kill(name: string): Promise<void>
  /** One query; its status, or `lost`. */
  ask(timeoutMs?: number): Promise<{ status: string; outputs?: unknown; latencyMs: number }>
  /** So many queries, arriving at random at this rate. */
  load(count: number, perS: number, seed: number): Promise<LoadOutcome>
  /** Queries by the number of answers that the scheduler gave them. */
  answers(): { [count: number]: number }
  end(): Promise<void>
}

export interface ChaosOptions {
  /** Folder of the pipeline. */
  dir?: string
  /** Variants of each task. */
  variants?: number
  trust?: boolean
  store?: string
  /** Where tabs join. */
  pages?: boolean
  /** Budget of a query; by default the pipeline's. */
  timeoutMs?: number
}

export async function startChaosScene(options: ChaosOptions = {}): Promise<ChaosScene> {
  const { dir = join(ROOT, 'profiles', 'ocr'), variants = 1, trust = false, timeoutMs } = options
  const pipelines = (await loadPipelines([dir], () => {})).map((one) => withQuickest(one, variants))
  const { pipeline } = pipelines[0]!
  const held = Object.values(pipeline.tasks)
    .reduce((sum, task) => sum + Object.keys(task.variants).length, 0)
  const [sample] = await samplesOf(dir, pipeline.name)
  const lines: string[] = []
  const counts = new Map<string, number>()
  /** How often each node joined, by its id. */
  const joins = new Map<string, number>()
  const count = (command: PolicyCommand) => {
    if (command.type !== 'answer') return
    counts.set(command.query, (counts.get(command.query) ?? 0) + 1)
  }
  const wrap = (scheduler: Scheduler): Scheduler => ({
    ...scheduler,
    handle(event, nowMs) {
      if (event.type === 'query_arrived') counts.set(event.query, 0)
      if (event.type === 'node_joined') joins.set(event.node, (joins.get(event.node) ?? 0) + 1)
      const commands = scheduler.handle(event, nowMs)
      commands.forEach(count)
      return commands
    },
  })
  const own = createOwnToken()
  const coordinator = startCoordinator({
    ...{ pipelines, port: 0, wrap, hedge: true, isOwn: own.isOwn },
    log: (line) => void lines.push(line),
    ...(options.pages === true ? { assets: await buildAssets() } : {}),
    ...(trust ? { trust: await trustOptions(pipelines) } : {}),
    ...(options.store === undefined ? {} : { store: options.store }),
  })
  const nodes = new Map<string, ChaosNode>()

  const find = (name: string) => coordinator.pool.nodes().find((node) => node.name === name)

  async function full(name: string, ended: () => boolean, joined = 0): Promise<void> {
    for (;;) {
      const node = find(name)
      const isThere = node !== undefined && node.state !== 'paused' &&
        (joins.get(node.id) ?? 0) > joined
      if (isThere && node.instances >= held) return
      if (ended()) throw new Error(`Cannot use node ${name}: it ended`)
      await new Promise((done) => setTimeout(done, 20))
    }
  }

  async function kill(name: string): Promise<void> {
    const node = nodes.get(name)
    if (node === undefined) return
    nodes.delete(name)
    try {
      node.child.kill('SIGKILL')
    } catch {
      // Gone already.
    }
    await node.child.status
    node.proxy.close()
  }

  async function ask(budgetMs = timeoutMs ?? pipeline.sloMs) {
    const startMs = performance.now()
    const took = () => performance.now() - startMs
    try {
      const response = await fetch(`${coordinator.localUrl}/v1/pipelines/${pipeline.name}/infer`, {
        method: 'POST',
        headers: {
          'content-type': String(sample!.meta['type']),
          'x-request-timeout-ms': String(budgetMs),
        },
        body: sample!.bytes as Uint8Array<ArrayBuffer>,
        // An answer comes by its deadline; who has none long after it was lost.
        signal: AbortSignal.timeout(budgetMs + 10_000),
      })
      const { outputs, reason } = await response.json() as { outputs?: unknown; reason?: string }
      const status = response.ok ? '200' : `${response.status} ${reason}`
      return { status, outputs, latencyMs: took() }
    } catch {
      return { status: 'lost', latencyMs: took() }
    }
  }

  return {
    ...coordinator,
    pipelineName: pipeline.name,
    nodes,
    lines,
    async addNode(name, { own: isOwn = false, lie } = {}) {
      const proxy = startLinkProxy(new URL(coordinator.localUrl))
      const child = spawnTied(
        [
          ...['--no-check', ENTRY, '--join', proxy.url, '--name', name],
          ...(lie === undefined ? [] : ['--lie', lie]),
        ],
        isOwn ? { env: { SHOAL_TOKEN: own.token } } : {},
      )
      let over = false
      void child.status.then(() => over = true)
      const node = { name, child, proxy, hasEnded: () => over }
      nodes.set(name, node)
      await full(name, node.hasEnded)
      return node
    },
    async isBack(name, anew = false) {
      const id = find(name)?.id ?? ''
      const isGone = () => nodes.get(name)?.hasEnded() ?? true
      await full(name, isGone, anew ? joins.get(id) : 0).catch((error) => {
        if (nodes.has(name)) throw error
      })
    },
    kill,
    ask,
    async load(many, perS, seed) {
      const random = createRandom(seedFor(seed, 'arrivals'))
      const outcome: LoadOutcome = { statuses: {}, latenciesMs: [], outputs: Array(many) }
      const all: Promise<void>[] = []
      let dueMs = performance.now()
      for (let i = 0; i < many; i++) {
        dueMs += exponential(random, 1000 / perS)
        await new Promise((done) => setTimeout(done, Math.max(0, dueMs - performance.now())))
        all.push(
          ask().then(({ status, outputs, latencyMs }) => {
            outcome.statuses[status] = (outcome.statuses[status] ?? 0) + 1
            outcome.latenciesMs.push(status === '200' ? latencyMs : Infinity)
            outcome.outputs[i] = outputs
          }),
        )
      }
      await Promise.all(all)
      return outcome
    },
    answers() {
      const tally: { [count: number]: number } = {}
      for (const given of counts.values()) tally[given] = (tally[given] ?? 0) + 1
      counts.clear()
      return tally
    },
    async end() {
      await Promise.all([...nodes.keys()].map(kill))
      await coordinator.close(1000)
    },
  }
}
