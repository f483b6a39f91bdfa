/**
 * `deno task bench churn`: an own node, and beside it one of a stranger that is killed every few
 * seconds and followed by another. Queries come at a steady pace, first on the machine as it is, then
 * beside a program that takes one of its cores: how many are answered, refused at once, and late
 * though they were let in.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { spawnNode } from '../../cli/serve/spawn_node.ts'
import { OCR, SAMPLE_PAGE, startServing } from '../../cli/serve/serving.ts'
import { createOwnToken, trustOptions } from '../../cli/serve/trust.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { spawnTied } from '../../cli/tied.ts'

export interface ChurnOptions {
  queries?: number
  /** Programs beside it that never rest, one row for each number of them. */
  busy?: readonly number[]
}

const EVERY_MS = 550
const KILLED_EACH_MS = 9000
const TIMEOUT_MS = 15_000
/** The own node measures what its variants take first. */
const SETTLED_MS = 30_000
const SLOT = ['--slots', '1', '--gpu', 'off']
const BUSY = 'data:text/javascript,for(;;);'

interface Outcome {
  status: string
  askedMs: number
  tookMs: number
}

export async function benchChurn({ queries = 60, busy = [0, 1] }: ChurnOptions = {}) {
  const rows: Record<string, Awaited<ReturnType<typeof run>>> = {}
  for (const count of busy) rows[`beside ${count} busy programs`] = await run(count, queries)
  console.table(rows)
  return rows
}

async function run(busy: number, queries: number) {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const own = createOwnToken()
  const serving = await startServing([OCR], {
    isOwn: own.isOwn,
    hedge: true,
    trust: await trustOptions(await loadPipelines([OCR], () => {})),
  })
  const children: Deno.ChildProcess[] = []
  const join = (name: string, token?: string) => {
    const child = spawnNode(serving.localUrl, name, SLOT, token)
    children.push(child)
    return child
  }
  try {
    join('own', own.token)
    while (serving.pool.nodes().length === 0) await pause(50)
    await pause(SETTLED_MS)
    for (let i = 0; i < busy; i++) children.push(spawnTied([BUSY]))
    const over = new AbortController()
    const churn = (async () => {
      for (let i = 0; !over.signal.aborted; i++) {
        const stranger = join(`stranger-${i}`)
        await pause(KILLED_EACH_MS, undefined, { signal: over.signal }).catch(() => {})
        stranger.kill('SIGKILL')
        await stranger.status
      }
    })()
    const startMs = performance.now()
    const outcomes = await Promise.all(Array.from({ length: queries }, async (_, i) => {
      await pause(i * EVERY_MS)
      return await ask(serving.url, page, startMs)
    }))
    over.abort()
    await churn
    const count = (status: string) => outcomes.filter((one) => one.status === status).length
    return {
      answered: count('200'),
      refused: outcomes.filter(({ status }) => status.startsWith('503')).length,
      late: count('504 deadline_exceeded'),
      statuses: [...new Set(outcomes.map(({ status }) => status))]
        .map((status) => `${count(status)} x ${status}`).join(', '),
    }
  } finally {
    for (const child of children) {
      try {
        child.kill('SIGKILL')
      } catch {
        // Gone already.
      }
    }
    await serving.end()
  }
}

async function ask(url: string, page: Uint8Array<ArrayBuffer>, startMs: number): Promise<Outcome> {
  const askedMs = performance.now() - startMs
  const response = await fetch(`${url}/v1/pipelines/ocr/infer`, {
    method: 'POST',
    headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': String(TIMEOUT_MS) },
    body: page,
  })
  const { reason } = await response.json() as { reason?: string }
  return {
    status: response.ok ? '200' : `${response.status} ${reason}`,
    askedMs,
    tookMs: performance.now() - startMs - askedMs,
  }
}

if (import.meta.main) await benchChurn()
