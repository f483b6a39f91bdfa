/** The load generator: open loop, latency from when a query was due, outcomes, demand over time. */
import assert from 'node:assert/strict'
import type { Answered } from '../../demo/load/ask.ts'
import { DemandError, parseDemand, readTrace } from '../../demo/load/demand.ts'
import { loadInProcess } from '../../demo/load/process.ts'
import { runLoad } from '../../demo/load/run.ts'
import { tally } from '../../demo/load/tally.ts'
import type { Asked, Body, OpenOrder } from '../../demo/load/types.ts'

const ORDER: OpenOrder = {
  url: 'http://localhost:1',
  pipeline: 'p',
  trace: { binSeconds: 1, rates: [40] },
  arrivals: 'even',
  seed: 1,
}
const BODY: Body = { bytes: new Uint8Array([1, 2, 3]), type: 'image/png' }
const RESULT = { accuracy: 0.75, stages: [] }

/** A coordinator of one pipeline, answered by `handle`. */
function serve(handle: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen() {} }, handle)
  return { url: `http://127.0.0.1:${server.addr.port}`, end: () => server.shutdown() }
}

/** Time that passes only where it is made to. */
function virtualTime() {
  let nowMs = 0
  return {
    now: () => nowMs,
    sleep: (ms: number) => Promise.resolve(void (nowMs += ms)),
    pass: (ms: number) => void (nowMs += ms),
  }
}

async function sent(order: OpenOrder): Promise<number[]> {
  const { now, sleep } = virtualTime()
  const due: number[] = []
  const ask = () => Promise.resolve<Answered>({ status: 200, accuracy: 1 })
  await runLoad(order, { ask, told: ({ dueMs }) => due.push(dueMs), now, sleep })
  return due
}

Deno.test('an answer that is late delays no later query: all are sent before one is answered', async () => {
  const queries = 40
  let arrived = 0
  const all = Promise.withResolvers<void>()
  const server = serve(async (request) => {
    await request.arrayBuffer()
    if (++arrived === queries) all.resolve()
    await all.promise
    return Response.json(RESULT)
  })
  try {
    const asked: Asked[] = []
    // In a closed loop this would never end.
    await loadInProcess({ ...ORDER, url: server.url }, [BODY], (one) => asked.push(one))
    assert.equal(asked.length, queries)
    assert.ok(asked.every(({ status, accuracy }) => status === 200 && accuracy === 0.75))
    assert.deepEqual(asked.map(({ query }) => query).sort((a, b) => a - b), [...Array(40).keys()])
  } finally {
    await server.end()
  }
})

Deno.test('a machine that was busy sends late, catches up, and the wait counts as latency', async () => {
  const { now, sleep, pass } = virtualTime()
  const asked: Asked[] = []
  await runLoad(ORDER, {
    // The third query holds the whole process up for a second.
    ask: (query) => {
      pass(query === 2 ? 200 : 1)
      return Promise.resolve({ status: 200, accuracy: 1 })
    },
    told: (one) => asked.push(one),
    now,
    sleep,
  })
  assert.equal(asked.length, 40)
  // Due every 25 ms whatever happened, the last as late as it should be.
  assert.deepEqual(asked.map(({ dueMs }) => Math.round(dueMs * 10) / 10).slice(0, 4), [
    ...[12.5, 37.5, 62.5, 87.5],
  ])
  assert.ok(asked.at(-1)!.sentMs < 1000)
  const fourth = asked[3]!
  assert.ok(fourth.sentMs - fourth.dueMs > 150, `sent at ${fourth.sentMs}`)
  assert.ok(fourth.latencyMs > 150, `${fourth.latencyMs}`)
  const { sentLateMs, latencyMs } = tally(asked, 100)
  assert.ok(sentLateMs!.max > 150 && latencyMs!.max > 150)
})

Deno.test('a machine that is behind still hears answers as they come', async () => {
  let nowMs = 0
  let underWay = 0
  let most = 0
  const asked: Asked[] = []
  const turn = () => new Promise<void>((done) => setTimeout(done))
  await runLoad({ ...ORDER, trace: { binSeconds: 1, rates: [1000] } }, {
    // Four times as long as there is until the next.
    async ask() {
      nowMs += 4
      most = Math.max(most, ++underWay)
      await turn()
      underWay--
      return { status: 200, accuracy: 1 }
    },
    told: (one) => asked.push(one),
    now: () => nowMs,
    sleep: (ms) => {
      nowMs += ms
      return turn()
    },
  })
  assert.equal(asked.length, 1000)
  assert.ok(most < 20, `${most} were under way at once`)
})

Deno.test('who ends the sending does not wait for the next query, and it is not sent', async () => {
  const over = new AbortController()
  const asked: Asked[] = []
  let nowMs = 0
  // One soon, one after ten minutes, until which nothing but the end ends a sleep.
  const rates = [1, ...Array.from({ length: 600 }, () => 0), 1]
  await runLoad({ ...ORDER, trace: { binSeconds: 1, rates } }, {
    ask: () => Promise.resolve({ status: 200, accuracy: 1 }),
    told(one) {
      asked.push(one)
      setTimeout(() => over.abort())
    },
    now: () => nowMs,
    sleep(ms, signal) {
      if (nowMs > 0) return new Promise((done) => signal?.addEventListener('abort', () => done()))
      nowMs += ms
      return Promise.resolve()
    },
    signal: over.signal,
  })
  assert.equal(asked.length, 1)
})

Deno.test('the same seed gives the same moments, another others, about as many as the rate says', async () => {
  const order: OpenOrder = {
    ...ORDER,
    arrivals: 'poisson',
    trace: { binSeconds: 2, rates: [100, 0, 400] },
  }
  const one = await sent(order)
  assert.deepEqual(await sent(order), one)
  assert.notDeepEqual(await sent({ ...order, seed: 2 }), one)
  const within = (from: number, to: number) => one.filter((ms) => ms >= from && ms < to).length
  assert.ok(Math.abs(within(0, 2000) - 200) < 60)
  assert.equal(within(2000, 4000), 0)
  assert.ok(Math.abs(within(4000, 6000) - 800) < 120)
  assert.equal((await sent({ ...order, arrivals: 'even' })).length, 1000)
})

Deno.test('what went wrong is counted by status and reason, what was served by node', async () => {
  const stage = { task: 't', variant: 'v', node: 'n', backend: 'wasm', items: 1 }
  const answers = [
    () => Response.json({ ...RESULT, stages: [{ ...stage, batch: 2, computeMs: 10 }] }),
    () => Response.json({ error: 'Cannot', reason: 'queue_full' }, { status: 503 }),
    () => Response.json({ error: 'Cannot', reason: 'deadline_exceeded' }, { status: 504 }),
    () => new Response('no JSON'),
    () => new Response('<h1>Bad gateway</h1>', { status: 502 }),
  ]
  let turn = 0
  const server = serve(async (request) => {
    await request.arrayBuffer()
    return answers[turn++ % answers.length]!()
  })
  try {
    const asked: Asked[] = []
    await loadInProcess({ ...ORDER, url: server.url }, [BODY], (one) => asked.push(one))
    const { outcomes, nodes, violationRatio, effectiveAccuracy } = tally(asked, 60_000)
    assert.deepEqual(outcomes, {
      '0 SyntaxError': 8,
      '200 on_time': 8,
      '502 no_reason': 8,
      '503 queue_full': 8,
      '504 deadline_exceeded': 8,
    })
    assert.equal(violationRatio, 0.8)
    assert.equal(effectiveAccuracy, 0.75)
    const did = { t: { v: 8 } }
    assert.deepEqual(nodes, {
      n: { items: 8, computeMs: 40, share: 1, backends: ['wasm'], did },
    })
  } finally {
    await server.end()
  }
})

Deno.test('demand is read from steps, slopes and files; what cannot be read is named', async () => {
  assert.deepEqual(parseDemand('20x1,10..30x2'), {
    binSeconds: 0.5,
    rates: [20, 20, 12.5, 17.5, 22.5, 27.5],
  })
  assert.throws(() => parseDemand('20x10,fast'), /RATExSECONDS.*received fast/)
  const file = await Deno.makeTempFile({ prefix: 'shoal-' })
  try {
    await Deno.writeTextFile(file, '# a second each\n10\n20 # more\n\n0\n')
    assert.deepEqual(await readTrace(file), { binSeconds: 1, rates: [10, 20, 0] })
    await Deno.writeTextFile(file, '{"trace": {"binSeconds": 5, "rates": [1, 2]}}')
    assert.deepEqual(await readTrace(file), { binSeconds: 5, rates: [1, 2] })
    await Deno.writeTextFile(file, '10\nmany\n')
    await assert.rejects(readTrace(file), DemandError)
    await assert.rejects(readTrace(`${file}.gone`), DemandError)
  } finally {
    await Deno.remove(file)
  }
})
