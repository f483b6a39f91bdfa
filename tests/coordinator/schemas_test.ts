/** JSON schemas that answers are to keep to: read elsewhere, once, and by whoever waits for it. */
import assert from 'node:assert/strict'
import {
  createSchemaReader,
  type SchemaReader,
} from '../../src/coordinator/apis/generate/schema_reader.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { withCoordinator } from './fixture.ts'

const start = (name: string) => () => new Worker(new URL(name, import.meta.url), { type: 'module' })
const SCHEMAS = '../../workers/schemas.ts'
const STUCK = './stuck_worker.ts'

const near = { lateMs: 60_000, address: undefined }
const far = { lateMs: 60_000, address: 'far' }
const text = (maxLength: number) => ({ type: 'string', maxLength })
/** Each of its patterns is within bounds. */
const costly = (i: number) => ({
  type: 'object',
  properties: Object.fromEntries(
    Array.from({ length: 50 }, (_, j) => [
      `p${j}`,
      { type: 'string', pattern: `^(a?){${900 + j}}b{${i}}$` },
    ]),
  ),
})

/** A reader whose workers are these, one after another, and a clock that a test moves. */
async function withReader(
  workers: (() => Worker)[],
  test: (reader: SchemaReader, pass: (ms: number) => void, started: Worker[]) => Promise<void>,
) {
  const due: { atMs: number; action: () => void }[] = []
  const started: Worker[] = []
  let nowMs = 0
  const reader = createSchemaReader({
    now: () => nowMs,
    deadlines: {
      at(atMs, action) {
        const one = { atMs, action }
        due.push(one)
        return () => void due.splice(due.indexOf(one) >>> 0, 1)
      },
    },
    createWorker() {
      const worker = (workers.shift() ?? assert.fail('one worker more was started'))()
      started.push(worker)
      return worker
    },
  })
  const pass = (ms: number) => {
    nowMs += ms
    for (const one of due.filter(({ atMs }) => atMs <= nowMs)) one.action()
  }
  try {
    await test(reader, pass, started)
  } finally {
    reader.stop()
  }
}

Deno.test('what came of a schema is kept: it is not read again', () =>
  withReader([start(SCHEMAS)], async (reader, _, started) => {
    const asked = async () => {
      await reader.check(text(1), near)
      await assert.rejects(reader.check({ type: 'text' }, near), {
        ...{ reason: 'invalid_input', message: /type: must be one of object, array/ },
      })
      await assert.rejects(reader.check(costly(1), near), {
        ...{ reason: 'too_large', message: /takes over 4000000 steps to read/ },
      })
    }
    await asked()
    // Nobody is there to read one.
    started[0]!.terminate()
    await asked()
  }))

Deno.test('those who ask for the same schema wait for one reading of it', () =>
  withReader([start(STUCK), start(SCHEMAS)], async (reader, pass) => {
    const same = [near, far, far].map((asker) => reader.check(text(1), asker))
    const other = reader.check(text(2), far)
    pass(30_000)
    for (const one of same) await assert.rejects(one, /Cannot read a schema: its worker took too/)
    await other
    await reader.check(text(1), near)
  }))

Deno.test('a schema that nobody waits for any more takes no place of others', () =>
  withReader([start(STUCK), start(SCHEMAS)], async (reader, pass) => {
    const stuck = reader.check(text(1), near)
    const late = Array.from(
      { length: 16 },
      (_, i) => reader.check(text(2 + i), { ...far, lateMs: 5000 }),
    )
    pass(5000)
    for (const one of late) await assert.rejects(one, { reason: 'deadline_exceeded' })
    const next = reader.check(text(100), far)
    pass(25_000)
    await assert.rejects(stuck, /its worker took too long/)
    await next
  }))

Deno.test('one address has a share of the schemas that wait, and none is read after the end', () =>
  withReader([start(STUCK)], async (reader) => {
    const waiting = Array.from({ length: 16 }, (_, i) => reader.check(text(i), far))
    await assert.rejects(reader.check(text(16), far), { reason: 'rate_limited' })
    const others = Array.from({ length: 48 }, (_, i) => reader.check(text(100 + i), near))
    await assert.rejects(reader.check(text(16), { ...far, address: 'farther' }), {
      ...{ reason: 'queue_full', message: /Cannot take a schema/ },
    })
    reader.stop()
    for (const one of [...waiting, ...others]) await assert.rejects(one, { reason: 'draining' })
  }))

const pipeline = checkPipeline({
  ...{ schema: 'shoal-pipeline/1', name: 'scribe', sloMs: 60_000, root: 'tell' },
  tasks: {
    tell: { kind: 'generate', context: 64, variants: { only: { accuracy: 0.9, referenceMs: 1 } } },
  },
}, 'scribe')

Deno.test('schemas that take long are refused over every API, and others are answered meanwhile', () =>
  withCoordinator(
    async (coordinator) => {
      const answered: string[] = []
      const post = async (path: string, body: unknown) => {
        const response = await fetch(`${coordinator.url}${path}`, {
          ...{ method: 'POST', body: JSON.stringify(body) },
          headers: { 'content-type': 'application/json' },
        })
        answered.push(path)
        assert.equal(response.status, 413, await response.text())
      }
      const inputs = [{ name: 'text', shape: [1], datatype: 'BYTES', data: ['x'] }]
      const chat = (schema: unknown) => ({
        ...{ model: 'scribe', messages: [{ role: 'user', content: 'x' }] },
        response_format: { type: 'json_schema', json_schema: { schema } },
      })
      const asked = [
        post('/v1/chat/completions', chat(costly(1))),
        post('/v2/models/scribe/generate', {
          ...{ text_input: 'x', parameters: { schema: costly(2) } },
        }),
        post('/v1/pipelines/scribe/infer', { inputs, parameters: { schema: costly(3) } }),
      ]
      for (let i = 0; i < 3; i++) {
        const response = await fetch(`${coordinator.url}/v2/health/live`)
        await response.body?.cancel()
        answered.push('live')
      }
      await Promise.all(asked)
      assert.ok(answered.lastIndexOf('live') < answered.length - 1, answered.join())
    },
    undefined,
    { pipelines: [{ dir: '', pipeline, models: {} }] },
  ))
