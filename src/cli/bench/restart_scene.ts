/**
 * A coordinator that is ended and started again under load, with nodes that stay.
 *
 * @module
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { NodeInfo } from '../../client/types.ts'
import { fromFileUrl, ROOT } from '../root.ts'
import { spawnTied } from '../tied.ts'
import { samplesOf } from '../serve/trust.ts'

const COORDINATOR = fromFileUrl(new URL('./restart_child.ts', import.meta.url))
const NODE = fromFileUrl(new URL('./chaos/node.ts', import.meta.url))
const PIPELINE = 'ocr'

interface Child {
  process: Deno.ChildProcess
  lines: string[]
  /** Resolves with the first line, past or future, that fits. */
  said(pattern: RegExp): Promise<string>
}

export interface RestartOutcome {
  signal: Deno.Signal
  /** From the signal until a query got a result again; and of that, from the new one's start. */
  servingAgainMs: number
  sinceStartMs: number
  /** Of the queries asked from the signal until then, and under way at it, by what they got. */
  seen: { [status: string]: number }
  /** What the new one said that it remembers. */
  remembered: string
  /** Checks that nodes had passed, before and after. */
  passed: [before: number, after: number]
}

export interface RestartScene {
  restart(signal: Deno.Signal): Promise<RestartOutcome>
  nodes(): Promise<NodeInfo[]>
  /** One query: its status and reason, or that the connection failed. */
  ask(): Promise<string>
  /** Nodes whose trust is on the disk, where a kill cannot take it. */
  judgementsKept(): number
  end(): Promise<void>
}

function spawn(args: string[]): Child {
  const process = spawnTied(['--no-check', ...args], { stdout: 'piped' })
  const lines: string[] = []
  const looks = new Set<() => void>()
  void (async () => {
    let rest = ''
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      const all = (rest + text).split('\n')
      rest = all.pop() ?? ''
      lines.push(...all)
      for (const look of looks) look()
    }
  })()
  return {
    process,
    lines,
    said: (pattern) =>
      new Promise((done) => {
        const look = () => {
          const found = lines.find((line) => pattern.test(line))
          if (found === undefined) return
          looks.delete(look)
          done(found)
        }
        looks.add(look)
        look()
      }),
  }
}

/** @param count nodes */
export async function startRestartScene(count: number): Promise<RestartScene> {
  const dir = join(ROOT, 'profiles', PIPELINE)
  const temp = await Deno.makeTempDir()
  const store = join(temp, 'store.sqlite')
  const [sample] = await samplesOf(dir, PIPELINE)
  const start = async (port: string) => {
    const child = spawn([COORDINATOR, port, store, dir])
    const url = (await child.said(/^serving on/)).split(' ').at(-1)!
    return { child, url }
  }
  let { child, url } = await start('0')
  const nodes = Array.from(
    { length: count },
    (_, i) => spawn([NODE, '--join', url, '--name', `n${i}`]),
  )

  async function ask(): Promise<string> {
    try {
      const response = await fetch(`${url}/v1/pipelines/${PIPELINE}/infer`, {
        method: 'POST',
        headers: { 'content-type': String(sample!.meta['type']), 'x-request-timeout-ms': '20000' },
        body: sample!.bytes as Uint8Array<ArrayBuffer>,
        signal: AbortSignal.timeout(30_000),
      })
      const { reason } = await response.json() as { reason?: string }
      const retry = response.headers.has('retry-after') ? ', Retry-After' : ''
      return response.ok ? '200' : `${response.status} ${reason}${retry}`
    } catch (error) {
      return (error as Error).name === 'TimeoutError' ? 'lost' : 'connection failed'
    }
  }

  async function list(): Promise<NodeInfo[]> {
    return (await (await fetch(`${url}/v1/nodes`)).json()).nodes
  }

  const passedBy = (all: readonly NodeInfo[]) =>
    all.reduce(
      (sum, { trustReason }) => sum + Number(/passed (\d+)/.exec(trustReason ?? '')?.[1] ?? 0),
      0,
    )

  async function full(): Promise<void> {
    for (;;) {
      const all = await list()
      if (all.length === count && all.every(({ instances }) => instances >= 2)) return
      await new Promise((done) => setTimeout(done, 50))
    }
  }
  await full()

  return {
    ask,
    nodes: list,
    judgementsKept() {
      const db = new DatabaseSync(store, { readOnly: true })
      try {
        const row = db.prepare('SELECT count(word) AS count FROM nodes').get()
        return Number(row!['count'])
      } finally {
        db.close()
      }
    },
    async restart(signal) {
      const port = new URL(url).port
      const before = passedBy(await list())
      const seen: RestartOutcome['seen'] = {}
      let again = Infinity
      let down = false
      let firstAgain = () => {}
      const served = new Promise<void>((done) => firstAgain = done)
      const client = async () => {
        while (again === Infinity) {
          const askedDown = down
          const status = await ask()
          if (down) seen[status] = (seen[status] ?? 0) + 1
          if (status === '200' && askedDown) {
            again = Math.min(again, performance.now())
            firstAgain()
          } else if (status !== '200') await new Promise((done) => setTimeout(done, 20))
        }
      }
      const clients = Array.from({ length: 4 }, client)
      // Some queries are inside by then.
      while ((await stats()).inFlight === 0) await new Promise((done) => setTimeout(done, 5))
      const signalMs = performance.now()
      down = true
      child.process.kill(signal)
      await child.process.status
      const startMs = performance.now()
      const next = await start(port)
      child = next.child
      await served
      await Promise.all(clients)
      await full()
      return {
        signal,
        servingAgainMs: again - signalMs,
        sinceStartMs: again - startMs,
        seen,
        remembered: child.lines.find((line) => line.includes('remembered')) ?? '',
        passed: [before, passedBy(await list())],
      }
    },
    async end() {
      for (const { process } of [child, ...nodes]) {
        process.kill('SIGKILL')
        await process.status
      }
      await Deno.remove(temp, { recursive: true })
    },
  }

  async function stats(): Promise<{ inFlight: number }> {
    const { pipelines } = await (await fetch(`${url}/v1/stats`)).json()
    return pipelines[PIPELINE]
  }
}
