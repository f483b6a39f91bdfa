/**
 * A coordinator under load with two nodes, one of which is to suffer a fault.
 *
 * @module
 */
import type { Assets } from '../../coordinator/http/pages.ts'
import { type Coordinator, startCoordinator } from '../../cli/serve/coordinator.ts'
import { withVariants } from '../../cli/pipelines/fewer_variants.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { fromFileUrl } from '../../cli/root.ts'
import { OCR, SAMPLE_PAGE, USUAL } from '../../cli/serve/serving.ts'
import { spawnTied } from '../../cli/tied.ts'
import { createLedger, type Ledger, type LostItem } from './ledger.ts'

const ENTRY = fromFileUrl(new URL('./node.ts', import.meta.url))

/** Those that a software GPU can run; the usual ones take long enough to be hit in the middle. */
export const SMALL = ['256x320', 'h16w400']

/** A node as a process, which suffers what it is told to. */
export interface Sufferer {
  name: string
  id: string
  child: Deno.ChildProcess
  tell(line: string): Promise<void>
  close(): Promise<void>
}

export interface Load {
  /** Resolves when all that was asked has been answered: how often with which status. */
  stop(): Promise<{ [status: string]: number }>
}

export interface RequeueScene extends Coordinator {
  ledger: Ledger
  lines: string[]
  addNode(name: string, options?: readonly string[], url?: string): Promise<Sufferer>
  /** Has the nodes beside this one take no new work, until what it returns is called. */
  holdOthers(id: string): () => void
  /** Ends it without a word. Resolves when it is gone. */
  remove(node: Sufferer): Promise<void>
  /** Resolves with its id once it holds all that is served. */
  full(name: string): Promise<string>
  /** So many queries at any time, each with a deadline far off. */
  startLoad(clients?: number): Load
  /** Waits until the node has items, has the fault befall it, and follows those. */
  strike(id: string, fault: () => void | Promise<void>): Promise<LostItem[]>
  end(): Promise<void>
}

export async function startRequeueScene(
  variants: readonly string[] = USUAL,
  assets?: Assets,
): Promise<RequeueScene> {
  const pipelines = (await loadPipelines([OCR], () => {})).map((one) => withVariants(one, variants))
  const page = await Deno.readFile(SAMPLE_PAGE)
  const ledger = createLedger()
  const lines: string[] = []
  const coordinator = startCoordinator({
    pipelines,
    port: 0,
    wrap: ledger.wrap,
    log: (line) => lines.push(line),
    ...(assets === undefined ? {} : { assets }),
  })
  const children = new Set<Sufferer>()

  async function full(name: string): Promise<string> {
    for (;;) {
      const node = coordinator.pool.nodes().find((node) => node.name === name)
      if (node !== undefined && node.instances >= variants.length) return node.id
      await new Promise((done) => setTimeout(done, 20))
    }
  }

  async function remove(node: Sufferer): Promise<void> {
    children.delete(node)
    try {
      node.child.kill('SIGKILL')
    } catch {
      // Gone already.
    }
    await node.child.status
    await node.close()
    await ledger.until(() => coordinator.pool.node(node.id) === undefined)
  }

  const over = new AbortController()

  async function ask(): Promise<string> {
    try {
      const response = await fetch(`${coordinator.localUrl}/v1/pipelines/ocr/infer`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '120000' },
        body: page,
        signal: over.signal,
      })
      const { reason } = await response.json() as { reason?: string }
      return response.ok ? '200' : `${response.status} ${reason}`
    } catch (error) {
      return String(error)
    }
  }

  return {
    ...coordinator,
    ledger,
    lines,
    full,
    async addNode(name, options = [], url = coordinator.localUrl) {
      const child = spawnTied(['--no-check', ENTRY, '--join', url, '--name', name, ...options])
      const stdin = child.stdin.getWriter()
      const ended = child.status.then(({ code }) => {
        throw new Error(`Cannot use node ${name}: it ended with ${code}`)
      })
      const id = await Promise.race([full(name), ended])
      ended.catch(() => {})
      const tell = (line: string) => stdin.write(new TextEncoder().encode(`${line}\n`))
      const close = () => stdin.close().catch(() => {})
      const sufferer = { name, id, child, tell, close }
      children.add(sufferer)
      return sufferer
    },
    startLoad(clients = 3) {
      const statuses: { [status: string]: number } = {}
      let enough = false
      const client = async () => {
        while (!enough && !over.signal.aborted) {
          const status = await ask()
          statuses[status] = (statuses[status] ?? 0) + 1
        }
      }
      const all = Array.from({ length: clients }, client)
      return {
        async stop() {
          enough = true
          await Promise.all(all)
          return statuses
        },
      }
    },
    holdOthers(id) {
      const { admin, nodes } = coordinator.pool
      const others = nodes().map((node) => node.id).filter((other) => other !== id)
      for (const other of others) admin.pause(other)
      return () => {
        for (const other of others) admin.resume(other)
      }
    },
    async strike(id, fault) {
      await ledger.until(() => ledger.countOn(id) > 0)
      const lost = ledger.strike(id)
      await fault()
      return lost
    },
    remove,
    async end() {
      // A load that nobody stopped would keep the coordinator waiting for its answers.
      over.abort()
      await Promise.all([...children].map(remove))
      await coordinator.close(1000)
    },
  }
}
