/** A coordinator that tells its pages what a test says, over real sockets. */
import { type Context, Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { BrowserContextOptions, Page } from 'playwright-core'
import type {
  HistoryInfo,
  InferAnswer,
  MetricsEvent,
  NodeChange,
  NodesEvent,
  PipelineInfo,
  PlanInfo,
  WorkEvent,
} from '../../src/client/types.ts'
import { mountPages } from '../../src/coordinator/http/pages.ts'
import { launch, skippedWithout, testAssets, wantChromium } from './fixture.ts'

const executable = await wantChromium()

/** One task with one variant, unless a test says otherwise. */
export const pipelineOf = (name: string, variants: Record<string, number>): PipelineInfo => ({
  ...{ version: 1, takes: 'picture', generates: false, name, sloMs: 1000, weight: 1, root: 'read' },
  bestAccuracy: Math.max(...Object.values(variants)),
  tasks: {
    read: {
      next: [],
      variants: Object.fromEntries(
        Object.entries(variants).map(([name, accuracy]) => [name, { accuracy }]),
      ),
    },
  },
})

/** All of the work by one variant. */
export const planOf = (pipeline: string, variant: string): PlanInfo => ({
  ...{ epoch: 1, mode: 'hardware', objective: 1, bound: 1, gap: 0, reason: '', solveMs: 0 },
  ...{ awake: 1, standby: 0, resting: 0, rulings: [] },
  mix: [{ pipeline, path: [variant], share: 1 }],
  instances: [{ pipeline, task: 'read', variant, class: 'class-1', count: 1 }],
})

export const nodeOf = (name: string, change: NodeChange['change'] = 'joined'): NodeChange => ({
  ...{ id: `id-${name}`, name, change, pausedBy: null },
  ...(change === 'left' ? { state: null, class: null } : { state: 'active', class: 'class-1' }),
})

type Told = { plan: PlanInfo } | { node: NodesEvent } | { metrics: MetricsEvent } | {
  work: WorkEvent
}

export interface Teller {
  url: string
  /** What `/v1/pipelines` answers; undefined: that nothing can be had now. */
  pipelines: PipelineInfo[] | undefined
  /** Calls in order, as `POST /v1/nodes/a/drain`; the pages' own files and reads are not in it. */
  acts: string[]
  /** Bodies that pictures were sent in. */
  pictures: Blob[]
  /** The answer to them; undefined: that there is none. */
  answer: InferAnswer<Record<string, unknown>> | undefined
  /** What is said of them before, where their text is asked for as it comes. */
  said: string[]
  /** What the answers to them wait for. */
  before: Promise<void>
  /** Streams that were opened, and those that were given up. */
  opened: number
  closed: number
  /** Told at the beginning of each stream. */
  standing: Told[]
  tell(told: Told): void
  end(): Promise<void>
}

const NO_HISTORY: HistoryInfo = {
  seconds: { stepMs: 1000, pipelines: {} },
  minutes: { stepMs: 60_000, pipelines: {} },
  plans: [],
}

async function startTeller(): Promise<Teller> {
  const app = new Hono()
  const streams = new Set<(told: Told) => void>()
  const ends = new AbortController()
  const teller: Teller = {
    ...{ url: '', pipelines: [pipelineOf('own', { only: 0.9 })], acts: [], pictures: [] },
    said: [],
    answer: undefined,
    before: Promise.resolve(),
    ...{ opened: 0, closed: 0, standing: [{ plan: planOf('own', 'only') }] },
    tell: (told) => streams.forEach((tell) => tell(told)),
    async end() {
      ends.abort()
      await server.shutdown()
    },
  }
  mountPages(app, await testAssets())
  app.get(
    '/v1/pipelines',
    (c) =>
      teller.pipelines === undefined
        ? c.json({ error: 'Cannot tell', reason: 'internal' }, 503)
        : c.json({ pipelines: teller.pipelines }),
  )
  app.get('/v1/history', (c) => c.json(NO_HISTORY))
  app.get('/v1/nodes', (c) => c.json({ nodes: [] }))
  app.get('/v1/admin', (c) => c.json({ allowed: true }))
  app.get('/v1/events', (c) =>
    streamSSE(c, async (stream) => {
      const tell = (told: Told) => {
        for (const [event, data] of Object.entries(told)) {
          void stream.writeSSE({ event, data: JSON.stringify(data) })
        }
      }
      teller.opened++
      teller.standing.forEach(tell)
      streams.add(tell)
      await new Promise<void>((done) => {
        stream.onAbort(done)
        ends.signal.addEventListener('abort', () => done())
      })
      streams.delete(tell)
      teller.closed++
    }))
  app.post('/v1/pipelines/:name/infer', async (c) => {
    teller.pictures.push(await c.req.blob())
    if (c.req.header('accept') === 'text/event-stream') return sayTo(c, teller)
    await teller.before
    if (teller.answer !== undefined) return c.json(teller.answer)
    return c.json({ error: 'Cannot answer: nothing is here', reason: 'internal' }, 500)
  })
  app.on(['POST', 'DELETE'], '/v1/*', (c) => {
    teller.acts.push(`${c.req.method} ${c.req.path}`)
    return c.body(null, 204)
  })
  const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, app.fetch)
  teller.url = `http://localhost:${(server.addr as Deno.NetAddr).port}`
  return teller
}

/** All that is said comes at once, and then the answer when it may. */
const sayTo = (c: Context, teller: Teller) =>
  streamSSE(c, async (stream) => {
    for (const text of teller.said) {
      await stream.writeSSE({ event: 'text', data: JSON.stringify({ text }) })
    }
    await teller.before
    const { answer = { error: 'Cannot go on: nothing is here', reason: 'node_failed' } } = teller
    const event = 'error' in answer ? 'error' : 'answer'
    await stream.writeSSE({ event, data: JSON.stringify(answer) })
  })

/** A test of a page of its own, with somebody to tell it. */
export const testTold = (
  name: string,
  fn: (page: Page, teller: Teller) => Promise<void>,
): void => testPage(name, startTeller, fn)

/**
 * A test of a page of its own, with whoever `start` starts.
 *
 * @param options of the browser's context
 */
export function testPage<One extends { end(): Promise<void> }>(
  name: string,
  start: () => Promise<One>,
  fn: (page: Page, teller: One) => Promise<void>,
  options: BrowserContextOptions = {},
): void {
  Deno.test({
    name: `${name}${skippedWithout(executable)}`,
    ignore: executable === undefined,
    // The browser's driver keeps timers and pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const [browser, teller] = await Promise.all([launch(executable!), start()])
      try {
        const page = await (await browser.newContext(options)).newPage()
        page.setDefaultTimeout(30_000)
        await fn(page, teller)
      } finally {
        await browser.close()
        await teller.end()
      }
    },
  })
}
