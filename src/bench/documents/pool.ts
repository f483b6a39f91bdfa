/**
 * The pool: a coordinator in a process of its own, as `deno task start` has it, a tab of a real browser
 * and two Deno nodes of one slot each. Each of them can be ended without a word.
 * @module
 */
import { join as path } from 'node:path'
import type { NodeInfo, PipelineInfo } from '../../client/types.ts'
import { findChromium, NO_CHROMIUM } from '../../cli/chromium.ts'
import { fromFileUrl, ROOT } from '../../cli/root.ts'
import { OCR } from '../../cli/serve/serving.ts'
import { launchTabs } from '../../cli/tabs.ts'
import { spawnTied } from '../../cli/tied.ts'
import { spawnTelling, untilReady } from '../child.ts'
import { residentMb } from '../memory_of.ts'
import { kill, sumOf, until } from '../tools.ts'
import { DOCUMENTS } from './params.ts'

const START = fromFileUrl(new URL('./start_tied.ts', import.meta.url))
const NODE = fromFileUrl(new URL('../../cli/node.ts', import.meta.url))
export const PIPELINE: string = path(ROOT, 'profiles', 'documents')

/** In the order in which they are ended. */
export const PLACES = ['deno-1', 'tab', 'deno-2'] as const
export type Place = (typeof PLACES)[number]

/** The node that has a place now. */
interface Holder {
  name: string
  /** Megabytes; NaN once it is gone. */
  memoryMb(): Promise<number>
  end(): Promise<void>
}

export type BenchPool = Awaited<ReturnType<typeof startPool>>

/** Resolves when all three hold all models. @throws Error without Chromium */
export async function startPool() {
  const executable = await findChromium()
  if (executable === undefined) throw new Error(`Cannot bench documents: ${NO_CHROMIUM}`)
  const dir = await Deno.makeTempDir({ prefix: 'shoal-documents-' })
  const browser = await launchTabs(executable, { processors: 1 })
  const holders = new Map<Place, Holder>()
  let serial = 0
  let starts = 0

  async function start(port: string) {
    const child = spawnTelling([
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
  const { pipelines } = await get<{ pipelines: PipelineInfo[] }>('/v1/pipelines')
  const variants = sumOf(
    pipelines.flatMap(({ tasks }) => Object.values(tasks))
      .map((task) => Object.keys(task.variants).length),
  )

  async function servingNames(): Promise<string[]> {
    const { nodes } = await get<{ nodes: NodeInfo[] }>('/v1/nodes')
    return nodes.filter((node) => node.instances >= variants).map(({ name }) => name)
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
      end: () => browser.close(name),
    }
  }

  function startNode(name: string): Holder {
    const process = spawnTied(
      ['--no-check', NODE, '--join', url, '--name', name, '--slots', '1', '--backend', 'wasm'],
      { env: { SHOAL_CACHE: path(dir, 'nodes') } },
    )
    const memoryMb = () => Promise.resolve(residentMb(process.pid))
    return { name, memoryMb, end: () => kill(process) }
  }

  /** The coordinator may be away meanwhile. */
  const untilServing = (name: string): Promise<unknown> =>
    until(async () => (await servingNames().catch((): string[] => [])).includes(name), {
      ...{ limitMs: DOCUMENTS.joinMs, everyMs: DOCUMENTS.againMs },
      fault: () => `Cannot bench: ${name} holds no models`,
    })

  async function end(): Promise<void> {
    await Promise.all([...holders.values()].map((holder) => holder.end().catch(() => {})))
    await browser.end()
    await kill(coordinator.process)
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
    /** Of the nodes that have a place, how many hold all models. */
    async serving(): Promise<number> {
      const names = await servingNames()
      return [...holders.values()].filter(({ name }) => names.includes(name)).length
    },
    /** Ends the node of the place and starts a new one. Resolves with the ms until that one serves. */
    async replace(place: Place): Promise<number> {
      const startMs = performance.now()
      await holders.get(place)!.end()
      await untilServing(await join(place))
      return performance.now() - startMs
    },
    /** SIGKILL, and a new one on the same port with the same store. Resolves when it can serve. */
    async restart(): Promise<void> {
      await kill(coordinator.process)
      coordinator = await start(new URL(url).port)
      await untilReady(url, 'documents')
    },
    /** Megabytes of each process, by its name. */
    async memory(): Promise<{ [name: string]: number }> {
      const { pid } = coordinator.process
      const told: { [name: string]: number } = { [`coordinator ${starts}`]: residentMb(pid) }
      for (const [place, holder] of holders) told[place] = await holder.memoryMb()
      return told
    },
    end,
  }
}
