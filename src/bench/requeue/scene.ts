/**
 * A coordinator under load with two nodes, one of which is to suffer a fault.
 *
 * @module
 */
import type { Assets } from '../../coordinator/http/pages.ts'
import { withVariants } from '../../cli/pipelines/fewer_variants.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { OCR, SAMPLE_PAGE, USUAL } from '../../cli/serve/serving.ts'
import { openPool } from '../pool.ts'
import { clients, count, type Counts, infer, outcomeOf } from '../tools.ts'
import { createLedger, type LostItem } from './ledger.ts'

/** Those that a software GPU can run; the usual ones take long enough to be hit in the middle. */
export const SMALL = ['256x320', 'h16w400']

/** A node as a process, which suffers what it is told to. */
export interface Sufferer {
  name: string
  id: string
  child: Deno.ChildProcess
  tell(line: string): Promise<void>
}

export type RequeueScene = Awaited<ReturnType<typeof startRequeueScene>>

export async function startRequeueScene(
  variants: readonly string[] = USUAL,
  assets?: Assets,
) {
  const pipelines = (await loadPipelines([OCR], () => {})).map((one) => withVariants(one, variants))
  const page = await Deno.readFile(SAMPLE_PAGE)
  const ledger = createLedger()
  const bench = openPool({
    ...{ pipelines, wrap: ledger.wrap },
    ...(assets === undefined ? {} : { assets }),
  })
  const { pool, localUrl } = bench
  const over = new AbortController()

  const ask = () =>
    infer(localUrl, 'ocr', page, { timeoutMs: 120_000, signal: over.signal }).then(outcomeOf)
      .then(({ status }) => status, String)

  return {
    ...{ ...bench, ledger },
    async addNode(
      name: string,
      options: readonly string[] = [],
      url: string = localUrl,
    ): Promise<Sufferer> {
      const child = bench.spawn(name, { url, options: ['--suffers', ...options] })
      const tell = async (line: string) => {
        const writer = child.stdin.getWriter()
        await writer.write(new TextEncoder().encode(`${line}\n`))
        writer.releaseLock()
      }
      return { name, child, tell, id: await bench.full(name) }
    },
    /** Ends it without a word. Resolves when it is gone. */
    async remove({ name, id }: Sufferer): Promise<void> {
      await bench.kill(name)
      await ledger.until(() => pool.node(id) === undefined)
    },
    /** So many queries at any time, each with a deadline far off. */
    startLoad(many = 3) {
      const statuses: Counts = {}
      let enough = false
      const all = clients(many, async () => {
        while (!enough && !over.signal.aborted) count(statuses, await ask())
      })
      return {
        /** Resolves when all that was asked has been answered: how often with which status. */
        async stop() {
          enough = true
          await all
          return statuses
        },
      }
    },
    /** Has the nodes beside this one take no new work, until what it returns is called. */
    holdOthers(id: string): () => void {
      const others = pool.nodes().map((node) => node.id).filter((other) => other !== id)
      for (const other of others) pool.admin.pause(other)
      return () => {
        for (const other of others) pool.admin.resume(other)
      }
    },
    /** Waits until the node has items, has the fault befall it, and follows those. */
    async strike(id: string, fault: () => void | Promise<void>): Promise<LostItem[]> {
      await ledger.until(() => ledger.countOn(id) > 0)
      const lost = ledger.strike(id)
      await fault()
      return lost
    },
    async end() {
      // A load that nobody stopped would keep the coordinator waiting for its answers.
      over.abort()
      await bench.end()
    },
  }
}
