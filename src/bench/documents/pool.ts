/**
 * The pool: a coordinator in a process of its own, as `deno task start` has it, a tab of a real browser
 * and two Deno nodes of one slot each. Each of them can be ended without a word.
 *
 * @module
 */
import { join as path } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { NodeInfo, PipelineInfo } from '../../client/types.ts'
import { findChromium, NO_CHROMIUM } from '../../cli/chromium.ts'
import { fromFileUrl, ROOT } from '../../cli/root.ts'
import { OCR } from '../../cli/serve/serving.ts'
import { launchTabs } from '../../cli/tabs.ts'
import { spawnTied } from '../../cli/tied.ts'
import { untilReady } from '../child.ts'
import { residentMb } from '../memory_of.ts'
import { spawn } from '../restart/restart_scene.ts'
import { DOCUMENTS } from './params.ts'

const START = fromFileUrl(new URL('./start_tied.ts', import.meta.url))
const NODE = fromFileUrl(new URL('../../cli/node.ts', import.meta.url))
export const PIPELINE: string = path(ROOT, 'profiles', 'documents')

/** In the order in which they are ended. */
export const PLACES = ['deno-1', 'tab', 'deno-2'] as const
export type Place = (typeof PLACES)[number]

/** Who has a place now. */
interface Holder {
  name: string
  /** Megabytes; NaN once it is gone. */
  memoryMb(): Promise<number>
  kill(): Promise<void>
}

export interface BenchPool {
  url: string
  nodes(): Promise<NodeInfo[]>
  /** Of those that have a place, how many hold all models. */
  serving(): Promise<number>
  /** Ends whoever has the place, and has a new one come. Resolves with the ms until that one serves. */
  replace(place: Place): Promise<number>
  /** SIGKILL, and a new one on the same port with the same store. Resolves when it can serve. */
  restart(): Promise<void>
  /** Megabytes of each process, by its name. */
  memory(): Promise<{ [name: string]: number }>
  end(): Promise<void>
}

/** Resolves when all three hold all models. @throws Error without Chromium */
export async function startPool(): Promise<BenchPool> {
  const executable = await findChromium()
  if (executable === undefined) throw new Error(`Cannot bench documents: ${NO_CHROMIUM}`)
  const dir = await Deno.makeTempDir({ prefix: 'shoal-documents-' })
  const browser = await launchTabs(executable, { processors: 1 })
  const holders = new Map<Place, Holder>()
  let serial = 0
  let starts = 0

  async function start(port: string) {
    const child = spawn([
      ...[START, '--port', port, '--nodes', '0', '--store', path(dir, 'store.sqlite')],
      ...['--pipeline', OCR, '--pipeline', PIPELINE, '--keys', path(dir, 'keys.json')],
      // What is checked is done twice, which is another bench's matter.
      ...['--trust', 'off', '--log-level', 'error'],
    ])
    const line = await child.said(/^https?:\S+\/v1\/pipelines\//)
    starts++
    return { process: child.process, url: new URL(line.split(' ')[0]!).origin }
  }
  let coordinator = await start('0')
  const { url } = coordinator

  const get = async <T>(path: string): Promise<T> => await (await fetch(url + path)).json()
  const nodes = async () => (await get<{ nodes: NodeInfo[] }>('/v1/nodes')).nodes
  const { pipelines } = await get<{ pipelines: PipelineInfo[] }>('/v1/pipelines')
  const variants = pipelines.flatMap(({ tasks }) => Object.values(tasks))
    .reduce((sum, task) => sum + Object.keys(task.variants).length, 0)

  async function servingNames(): Promise<string[]> {
    return (await nodes()).filter((node) => node.instances >= variants).map(({ name }) => name)
  }

  async function join(place: Place): Promise<string> {
    const name = `${place}.${++serial}`
    holders.set(place, place === 'tab' ? await openTab(name) : startNode(name))
    return name
  }

  async function openTab(name: string): Promise<Holder> {
    await browser.open(name, url)
    return {
      name,
      // Others of the browser's processes that show pages hold none.
      memoryMb: async () => Math.max(...(await browser.renderers()).map(residentMb)),
      kill: () => browser.close(name),
    }
  }

  function startNode(name: string): Holder {
    const process = spawnTied(
      ['--no-check', NODE, '--join', url, '--name', name, '--slots', '1', '--backend', 'wasm'],
      { env: { SHOAL_CACHE: path(dir, 'nodes') } },
    )
    return {
      name,
      memoryMb: () => Promise.resolve(residentMb(process.pid)),
      async kill() {
        process.kill('SIGKILL')
        await process.status
      },
    }
  }

  async function untilServing(name: string): Promise<void> {
    const giveUpMs = performance.now() + DOCUMENTS.joinMs
    for (;;) {
      // The coordinator may be away.
      const names = await servingNames().catch((): string[] => [])
      if (names.includes(name)) return
      if (performance.now() > giveUpMs) throw new Error(`Cannot bench: ${name} holds no models`)
      await pause(DOCUMENTS.againMs)
    }
  }

  async function end(): Promise<void> {
    await Promise.all([...holders.values()].map((holder) => holder.kill().catch(() => {})))
    await browser.end()
    coordinator.process.kill('SIGKILL')
    await coordinator.process.status
    await Deno.remove(dir, { recursive: true })
  }

  try {
    await Promise.all((await Promise.all(PLACES.map(join))).map(untilServing))
    await untilReady(url, 'documents')
  } catch (error) {
    await end()
    throw error
  }
  return {
    url,
    nodes,
    async serving() {
      const names = await servingNames()
      return [...holders.values()].filter(({ name }) => names.includes(name)).length
    },
    async replace(place) {
      const startMs = performance.now()
      await holders.get(place)!.kill()
      await untilServing(await join(place))
      return performance.now() - startMs
    },
    async restart() {
      coordinator.process.kill('SIGKILL')
      await coordinator.process.status
      coordinator = await start(new URL(url).port)
      await untilReady(url, 'documents')
    },
    async memory() {
      const { pid } = coordinator.process
      const told: { [name: string]: number } = { [`coordinator ${starts}`]: residentMb(pid) }
      for (const [place, holder] of holders) told[place] = await holder.memoryMb()
      return told
    },
    end,
  }
}
