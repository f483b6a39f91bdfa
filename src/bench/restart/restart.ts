/**
 * The coordinator is ended under load and started again, with nodes that stay: how long until it
 * serves, what clients saw meanwhile, what was kept.
 * @module
 */
import { join } from 'node:path'
import type { NodeInfo } from '../../client/types.ts'
import { hashOf, makeKey } from '../../coordinator/core/keys.ts'
import { fromFileUrl, ROOT } from '../../cli/root.ts'
import { samplesOf } from '../../cli/serve/samples.ts'
import { within } from '../../cli/within.ts'
import { spawnTelling } from '../child.ts'
import {
  clients,
  count,
  type Counts,
  ending,
  infer,
  kill,
  listed,
  outcomeOf,
  pause,
  sumOf,
  until,
} from '../tools.ts'

const COORDINATOR = fromFileUrl(new URL('./restart_child.ts', import.meta.url))
const NODE = fromFileUrl(new URL('../node.ts', import.meta.url))
const PIPELINE = 'ocr'
const TIMES = 3
/** Until a query gets a result again. */
const SERVED_MS = 120_000

/** @param many nodes; three at the least, or none could be proven */
export async function startRestartScene(many: number) {
  const dir = join(ROOT, 'profiles', PIPELINE)
  const temp = await Deno.makeTempDir()
  const store = join(temp, 'store.sqlite')
  const [sample] = await samplesOf(dir, PIPELINE)
  // Nodes that share a key, or this machine without one, would have one vote together.
  const tokens = Array.from({ length: many }, () => makeKey('node'))
  const start = async (port: string) => {
    const child = spawnTelling([COORDINATOR, port, store, dir, ...tokens.map(hashOf)])
    return { child, url: (await child.said(/^serving on/)).split(' ').at(-1)! }
  }
  let { child, url } = await start('0')
  const nodes = tokens.map((token, i) =>
    spawnTelling([NODE, '--join', url, '--name', `n${i}`], { SHOAL_TOKEN: token })
  )
  const get = async (path: string) => await (await fetch(url + path)).json()
  const list = async (): Promise<NodeInfo[]> => (await get('/v1/nodes')).nodes

  /** One query: its status and reason, or that the connection failed. */
  async function ask(): Promise<string> {
    try {
      const type = String(sample!.meta['type'])
      const asking = { type, timeoutMs: 20_000, signal: AbortSignal.timeout(30_000) }
      const picture = sample!.bytes as Uint8Array<ArrayBuffer>
      const response = await infer(url, PIPELINE, picture, asking)
      const retry = response.headers.has('retry-after') ? ', Retry-After' : ''
      const { status } = await outcomeOf(response)
      return response.ok ? status : status + retry
    } catch (error) {
      return (error as Error).name === 'TimeoutError' ? 'lost' : 'connection failed'
    }
  }

  const passedBy = (all: readonly NodeInfo[]) =>
    sumOf(all.map(({ trustReason }) => Number(/passed (\d+)/.exec(trustReason ?? '')?.[1] ?? 0)))

  const full = () =>
    until(async () => {
      if (nodes.some((one) => one.hasEnded())) throw new Error('Cannot use a node: it ended')
      const all = await list()
      return all.length === many && all.every(({ instances }) => instances >= 2)
    }, { everyMs: 50 })
  await full()

  return {
    ...{ ask, store, nodes: list },
    /**
     * Until a query gets a result again: from the signal, and from the new one's start. `seen`: what
     * queries got that were under way at the signal, or were asked from it until then.
     */
    async restart(signal: Deno.Signal) {
      const before = passedBy(await list())
      const seen: Counts = {}
      let [isDown, isGone, isOver] = [false, false, false]
      const again = Promise.withResolvers<number>()
      const asking = clients(4, async () => {
        while (!isOver) {
          // What the old one still takes it may still answer.
          const askedNew = isGone
          const status = await ask()
          if (isDown) count(seen, status)
          if (status === '200' && askedNew) {
            isOver = true
            again.resolve(performance.now())
          } else if (status !== '200') await pause(20)
        }
      })
      try {
        // Some queries are inside by then.
        const isBusy = async () => (await get('/v1/stats')).pipelines[PIPELINE].inFlight > 0
        await until(isBusy, { everyMs: 5 })
        const signalMs = performance.now()
        isDown = true
        child.process.kill(signal)
        await child.process.status
        isGone = true
        const startMs = performance.now()
        child = (await start(new URL(url).port)).child
        const againMs = await within(SERVED_MS, again.promise)
        if (againMs === undefined) {
          throw new Error(`Cannot restart: nothing was served, but ${JSON.stringify(seen)}`)
        }
        await asking
        await full()
        return {
          ...{ signal, servingAgainMs: againMs - signalMs, sinceStartMs: againMs - startMs, seen },
          remembered: child.lines.find((line) => line.includes('remembered')) ?? '',
          /** Checks that nodes had passed, before and after. */
          passed: [before, passedBy(await list())],
        }
      } finally {
        isOver = true
      }
    },
    async end() {
      for (const { process } of [child, ...nodes]) await kill(process)
      await Deno.remove(temp, { recursive: true })
    },
  }
}

export async function bench() {
  const scene = await startRestartScene(3)
  const outcomes: Awaited<ReturnType<typeof scene.restart>>[] = []
  await using _ = ending(scene)
  for (let i = 0; i < 40; i++) await scene.ask()
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    for (let i = 0; i < TIMES; i++) {
      // What is learned is written every few seconds.
      const untilMs = performance.now() + 7000
      while (performance.now() < untilMs) await scene.ask()
      outcomes.push(await scene.restart(signal))
    }
  }
  console.log(outcomes[0]?.remembered)
  return outcomes.map(({ signal, servingAgainMs, sinceStartMs, seen, passed }) => ({
    signal,
    'serving again, ms': Math.round(servingAgainMs),
    'of that since the start': Math.round(sinceStartMs),
    'clients saw': listed(seen),
    'checks passed, before and after': passed.join(' and '),
  }))
}
