/**
 * A coordinator that is ended and started again under load, with nodes that stay.
 *
 * @module
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { NodeInfo } from '../../client/types.ts'
import { hashOf, makeKey } from '../../coordinator/core/keys.ts'
import { fromFileUrl, ROOT } from '../../cli/root.ts'
import { spawnTied } from '../../cli/tied.ts'
import { samplesOf } from '../../cli/serve/samples.ts'
import { within } from '../../cli/within.ts'

const COORDINATOR = fromFileUrl(new URL('./restart_child.ts', import.meta.url))
const NODE = fromFileUrl(new URL('../chaos/node.ts', import.meta.url))
const PIPELINE = 'ocr'
/** Until a query gets a result again. */
const SERVED_MS = 120_000

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

interface Child {
  process: Deno.ChildProcess
  lines: string[]
  hasEnded(): boolean
  /** Resolves with the first line, past or future, that fits. @throws Error when it ends without */
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

export function spawn(args: string[], env: Record<string, string> = {}): Child {
  const process = spawnTied(['--no-check', ...args], { stdout: 'piped', env })
  const lines: string[] = []
  const looks = new Set<() => void>()
  let isOver = false
  void (async () => {
    let rest = ''
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      const all = (rest + text).split('\n')
      rest = all.pop() ?? ''
      lines.push(...all)
      for (const look of looks) look()
    }
    isOver = true
    for (const look of looks) look()
  })()
  return {
    process,
    lines,
    hasEnded: () => isOver,
    said: (pattern) =>
      new Promise((done, fail) => {
        const look = () => {
          const found = lines.find((line) => pattern.test(line))
          if (found === undefined && !isOver) return
          looks.delete(look)
          if (found !== undefined) done(found)
          else fail(new Error(`Cannot use ${args[0]}: it ended. ${lines.at(-1) ?? ''}`.trim()))
        }
        looks.add(look)
        look()
      }),
  }
}

/** @param count nodes; three at the least, or none could be proven */
export async function startRestartScene(count: number): Promise<RestartScene> {
  const dir = join(ROOT, 'profiles', PIPELINE)
  const temp = await Deno.makeTempDir()
  const store = join(temp, 'store.sqlite')
  const [sample] = await samplesOf(dir, PIPELINE)
  // Nodes that share a key, or this machine without one, would have one vote together.
  const tokens = Array.from({ length: count }, () => makeKey('node'))
  const start = async (port: string) => {
    const child = spawn([COORDINATOR, port, store, dir, ...tokens.map(hashOf)])
    const url = (await child.said(/^serving on/)).split(' ').at(-1)!
    return { child, url }
  }
  let { child, url } = await start('0')
  const nodes = tokens.map((token, i) =>
    spawn([NODE, '--join', url, '--name', `n${i}`], { SHOAL_TOKEN: token })
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
      if (nodes.some((one) => one.hasEnded())) throw new Error('Cannot use a node: it ended')
      const all = await list()
      if (all.length === count && all.every(({ instances }) => instances >= 2)) return
      await pause(50)
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
      let isDown = false
      let isGone = false
      let isOver = false
      let firstAgain = (_atMs: number) => {}
      const again = new Promise<number>((done) => firstAgain = done)
      const client = async () => {
        while (!isOver) {
          // What the old one still takes it may still answer.
          const askedNew = isGone
          const status = await ask()
          if (isDown) seen[status] = (seen[status] ?? 0) + 1
          if (status === '200' && askedNew) {
            isOver = true
            firstAgain(performance.now())
          } else if (status !== '200') await pause(20)
        }
      }
      const clients = Array.from({ length: 4 }, client)
      try {
        // Some queries are inside by then.
        while ((await stats()).inFlight === 0) await pause(5)
        const signalMs = performance.now()
        isDown = true
        child.process.kill(signal)
        await child.process.status
        isGone = true
        const startMs = performance.now()
        child = (await start(port)).child
        const againMs = await within(SERVED_MS, again)
        if (againMs === undefined) {
          throw new Error(`Cannot restart: nothing was served, but ${JSON.stringify(seen)}`)
        }
        await Promise.all(clients)
        await full()
        return {
          signal,
          servingAgainMs: againMs - signalMs,
          sinceStartMs: againMs - startMs,
          seen,
          remembered: child.lines.find((line) => line.includes('remembered')) ?? '',
          passed: [before, passedBy(await list())],
        }
      } finally {
        isOver = true
      }
    },
    async end() {
      for (const { process } of [child, ...nodes]) {
        try {
          process.kill('SIGKILL')
        } catch {
          // Gone already.
        }
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
