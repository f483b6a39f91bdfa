/** A coordinator, and nodes of `node.ts` that are processes beside it. @module */
import { type CoordinatorOptions, startCoordinator } from '../cli/serve/coordinator.ts'
import type { NodeInfo } from '../client/types.ts'
import { type BenchNodeOrder, kill, spawnBenchNode, sumOf, until } from './tools.ts'

/** @param options but for what of its log is kept in `lines` */
export function openPool(options: CoordinatorOptions) {
  const lines: string[] = []
  const coordinator = startCoordinator({
    ...{ port: 0, log: (line: string) => void lines.push(line), ...options },
  })
  const { pool, localUrl } = coordinator
  const tasks = options.pipelines.flatMap(({ pipeline }) => Object.values(pipeline.tasks))
  const held = sumOf(tasks.map(({ variants }) => Object.keys(variants).length))
  const children = new Map<string, Deno.ChildProcess>()
  const ended = new Set<string>()
  const find = (name: string) => pool.nodes().find((node) => node.name === name)

  /** Ends it without a word. Resolves when it is gone. */
  async function killNode(name: string): Promise<void> {
    const child = children.get(name)
    children.delete(name)
    if (child !== undefined) await kill(child)
  }

  return {
    ...coordinator,
    ...{ lines, find, kill: killNode },
    /** At this URL, another than the coordinator's own where a link is to be cut. */
    spawn(name: string, order: Partial<BenchNodeOrder> = {}) {
      const child = spawnBenchNode({ url: localUrl, name, ...order })
      children.set(name, child)
      ended.delete(name)
      void child.status.then(() => ended.add(name))
      return child
    },
    hasEnded: (name: string) => ended.has(name),
    /** Resolves with its id once it holds all that is served. @throws Error when its process has ended */
    full: (name: string, fits: (node: NodeInfo) => boolean = () => true): Promise<string> =>
      until(() => {
        const node = find(name)
        if (node !== undefined && node.instances >= held && fits(node)) return node.id
        if (ended.has(name)) throw new Error(`Cannot use node ${name}: it ended`)
        return undefined
      }),
    async end() {
      await Promise.all([...children.keys()].map(killNode))
      await coordinator.close(1000)
    },
  }
}
