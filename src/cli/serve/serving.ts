/**
 * A coordinator with real Deno nodes as child processes, for benchmarks and tests.
 *
 * @module
 */
import { join } from 'node:path'
import { countOn } from '../../pipeline/runs_on.ts'
import { withVariants } from '../pipelines/fewer_variants.ts'
import { type LoadedPipeline, loadPipelines } from '../pipelines/load.ts'
import { ROOT } from '../root.ts'
import { type Coordinator, type CoordinatorOptions, startCoordinator } from './coordinator.ts'
import { spawnNode } from './spawn_node.ts'

export interface ServingOptions extends Omit<CoordinatorOptions, 'pipelines'> {
  /** Names of those to serve; all if absent. */
  variants?: readonly string[]
}

export interface NodeProcess {
  name: string
  pid: number
  /** SIGKILL: gone without a word. */
  kill(): void
  ended: Promise<void>
}

export interface Serving extends Coordinator {
  pipelines: LoadedPipeline[]
  /** Resolves when the node holds every variant that runs on it in each of its slots. */
  addNode(name: string, options?: readonly string[]): Promise<NodeProcess>
  /** Ends the nodes, then the coordinator. */
  end(): Promise<void>
}

/** The sample page that ships with the project, and the pipeline that reads it. */
export const SAMPLE_PAGE: string = join(ROOT, 'demo', 'samples', 'page.jpg')
export const OCR: string = join(ROOT, 'profiles', 'ocr')

/** One of its variants for each task, where it is not about the others: a node is up much sooner. */
export const USUAL = ['480x640', 'h24w384']

/** Nothing is tried out in the background that would take time from what is measured. */
const ONE_SLOT = ['--slots', '1', '--gpu', 'off']

export async function startServing(
  dirs: readonly string[] = [OCR],
  { variants, ...options }: ServingOptions = {},
): Promise<Serving> {
  const loaded = await loadPipelines(dirs, () => {})
  const pipelines = variants === undefined
    ? loaded
    : loaded.map((one) => withVariants(one, variants))
  const coordinator = startCoordinator({ port: 0, ...options, pipelines })
  const trees = pipelines.map(({ pipeline }) => pipeline)
  const processes = new Set<Deno.ChildProcess>()
  return {
    ...coordinator,
    pipelines,
    async addNode(name, options = ONE_SLOT) {
      const child = spawnNode(coordinator.localUrl, name, options)
      processes.add(child)
      const ended = child.status.then(() => void processes.delete(child))
      for (;;) {
        const node = coordinator.pool.nodes().find((node) => node.name === name)
        if (
          node !== undefined &&
          node.instances >= Math.max(1, node.inUse.slots) * countOn(trees, node)
        ) break
        if (!processes.has(child)) throw new Error(`Cannot start node ${name}: it ended`)
        await new Promise((done) => setTimeout(done, 20))
      }
      return { name, pid: child.pid, kill: () => child.kill('SIGKILL'), ended }
    },
    async end() {
      for (const child of processes) child.kill('SIGTERM')
      await Promise.all([...processes].map((child) => child.status))
      await coordinator.close(1000)
    },
  }
}
