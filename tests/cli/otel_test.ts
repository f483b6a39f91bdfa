/** What a collector is told of a coordinator: queries in the traces of their callers, and metrics. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import type { InferAnswer, StatsInfo } from '../../src/client/types.ts'
import { type Span, startCollector } from './otlp.ts'
import { startProcess } from './started.ts'

const SHELF = join(ROOT, 'profiles', 'shelf')
const ERROR = 2

/** A trace of a caller; `flags` are 01 where it is sampled. */
function callerOf(traceId: string, flags: '00' | '01') {
  const spanId = 'b7ad6b7169203331'
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` }
}

function only<T>(list: readonly T[]): T {
  assert.equal(list.length, 1, JSON.stringify(list))
  return list[0]!
}

Deno.test('a collector gets a query in the trace of its caller, none that is not sampled, and metrics', async (t) => {
  const collector = startCollector()
  const { child, url, ended } = await startProcess(
    ['--pipeline', SHELF, '--nodes', '1', '--store', 'off'],
    [],
    {
      OTEL_DENO: 'true',
      OTEL_DENO_CONSOLE: 'ignore',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_TRACES_SAMPLER: 'parentbased_always_off',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
  )
  const picture = await Deno.readFile(join(ROOT, 'demo', 'samples', 'shelf.jpg'))
  const ask = (headers: Record<string, string>) =>
    fetch(`${url}/v1/pipelines/shelf/infer`, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '60000', ...headers },
      body: picture,
    })
  const unsampled = callerOf('0af7651916cd43dd8448eb211c80319c', '00')

  const { pipelines: { shelf } } = await (await fetch(`${url}/v1/stats`)).json() as StatsInfo
  const rehearsed = shelf!.onTime

  try {
    await t.step('of what is not sampled nothing is kept', async () => {
      for (const headers of [{ traceparent: unsampled.traceparent }, {}]) {
        const response = await ask(headers as Record<string, string>)
        assert.equal(response.status, 200)
        await response.body?.cancel()
      }
    })

    await t.step(
      'query, stage and batch nest, with times and attributes of the answer',
      async () => {
        const caller = callerOf('1af7651916cd43dd8448eb211c80319c', '01')
        const response = await ask({ traceparent: caller.traceparent, 'x-request-id': 'mine' })
        assert.equal(response.status, 200)
        const answer = await response.json() as InferAnswer
        const tasks = new Set(answer.stages.map(({ task }) => task))
        assert.ok(tasks.size > 1)
        const spans = await collector.trace(caller.traceId, {
          ...{ query: 1, stage: tasks.size, batch: answer.stages.length },
        })
        const named = (name: string) => spans.filter((span) => span.name === name)
        const byId = new Map(spans.map((span) => [span.spanId, span]))

        const query = only(named('query'))
        const server = byId.get(query.parentSpanId ?? '') ?? assert.fail('in no HTTP request')
        assert.equal(server.parentSpanId, caller.spanId)
        for (const [key, value] of Object.entries({ id: 'mine', pipeline: 'shelf' })) {
          assert.equal(query.attributes[`shoal.${key}`], value)
        }
        assert.equal(query.attributes['shoal.outcome'], 'on_time')
        assert.equal(query.attributes['shoal.accuracy'], answer.accuracy)
        assert.notEqual(query.status.code, ERROR)

        const parentOf = (span: Span) => byId.get(span.parentSpanId ?? '')
        const within = (span: Span, parent: Span | undefined) =>
          parent !== undefined && parent.startMs <= span.startMs && span.endMs <= parent.endMs
        for (const stage of named('stage')) {
          assert.equal(parentOf(stage), query)
          assert.ok(within(stage, query))
        }
        const told = named('batch').map((batch) => {
          const stage = parentOf(batch)
          assert.equal(stage?.name, 'stage')
          assert.equal(stage.attributes['shoal.task'], batch.attributes['shoal.task'])
          assert.ok(within(batch, stage))
          const { attributes } = batch
          assert.equal(typeof attributes['shoal.node.class'], 'string')
          assert.ok(Number(attributes['shoal.queue_ms']) >= 0)
          const of = (key: string) => attributes[`shoal.${key}`]
          const what = [
            'outcome',
            'task',
            'variant',
            'node',
            'backend',
            'batch.size',
            'batch.items',
          ]
          const times = ['network_ms', 'compute_ms'].map((key) => hundredths(of(key)))
          return [...what.map(of), ...times].join(' ')
        })
        const answered = answer.stages.map((stage) => {
          const { task, variant, node, backend, batch, items, networkMs, computeMs } = stage
          const times = [networkMs, computeMs].map(hundredths)
          return ['done', task, variant, node, backend, batch, items, ...times].join(' ')
        })
        // Where a batch was late it may have been begun once more elsewhere, which no answer tells.
        assert.deepEqual(answered.filter((stage) => !told.includes(stage)), [])
      },
    )

    await t.step('a query without a result says why', async () => {
      const caller = callerOf('2af7651916cd43dd8448eb211c80319c', '01')
      const response = await ask({
        traceparent: caller.traceparent,
        ...{ 'x-request-timeout-ms': '1', 'x-min-accuracy': '0' },
      })
      const { reason } = await response.json()
      assert.notEqual(response.status, 200)
      const query = only((await collector.trace(caller.traceId, { query: 1 }))
        .filter(({ name }) => name === 'query'))
      assert.equal(query.status.code, ERROR)
      assert.equal(query.attributes['shoal.outcome'], reason)
      assert.equal(query.attributes['error.type'], reason)
    })

    await t.step('metrics come as /metrics has them', async () => {
      const pipeline = 'shelf'
      const took = { pipeline, outcome: 'on_time' }
      const all = rehearsed + 3
      assert.equal(await collector.metric('shoal.queries', took, all), all)
      assert.equal(await collector.metric('shoal.query.duration', took, all), all)
      assert.equal(await collector.metric('shoal.queue.depth', { pipeline, task: 'detect' }), 0)
      assert.equal(await collector.metric('shoal.nodes', { state: 'paused' }), 0)
      assert.equal(await collector.metric('shoal.slots', { backend: 'wasm' }, 1) >= 1, true)
    })
  } finally {
    child.kill('SIGTERM')
    await ended()
    await collector.stop()
  }
  const traces = new Set(
    collector.spans.filter(({ name }) => name === 'query').map((span) => span.traceId),
  )
  assert.deepEqual([...traces].map((id) => id[0]).toSorted(), ['1', '2'])
  assert.ok(collector.spans.every(({ traceId }) => traceId !== unsampled.traceId))
})

/** As answers have it. */
const hundredths = (ms: unknown) => Math.round(Number(ms) * 100) / 100
