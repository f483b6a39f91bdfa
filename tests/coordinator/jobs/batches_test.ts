/** Files and batches as OpenAI's own client asks for them. */
import assert from 'node:assert/strict'
import OpenAI, { toFile } from 'openai'
import { joinScripted, untilReady, withCoordinator } from '../fixture.ts'
import { echoes, line, scribe } from './batch_scene.ts'

const options = { pipelines: [{ dir: '', pipeline: scribe, models: {} }] }

async function withClient(
  test: (openai: OpenAI, node: Awaited<ReturnType<typeof joinScripted>>) => Promise<void>,
  behave = echoes,
) {
  await withCoordinator(
    async (coordinator) => {
      const node = await joinScripted(coordinator, 'one', behave)
      await untilReady(coordinator)
      const baseURL = `${coordinator.url}/v1`
      await test(new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 }), node)
    },
    undefined,
    options,
  )
}

const upload = async (openai: OpenAI, lines: string[]) =>
  await openai.files.create({
    file: await toFile(new TextEncoder().encode(lines.join('\n')), 'calls.jsonl'),
    purpose: 'batch',
  })

async function over(openai: OpenAI, id: string) {
  for (;;) {
    const batch = await openai.batches.retrieve(id)
    if (['completed', 'failed', 'cancelled'].includes(batch.status)) return batch
    await new Promise((done) => setTimeout(done, 10))
  }
}

const linesOf = async (openai: OpenAI, id: string) =>
  (await (await openai.files.content(id)).text()).trim().split('\n').map((one) => JSON.parse(one))

const made = { endpoint: '/v1/completions', completion_window: '24h' } as const

Deno.test("OpenAI's client has the lines of a file answered", () =>
  withClient(async (openai) => {
    const file = await upload(openai, [
      ...[line('a', 'one'), '', line('b', 'two'), line('c', ''), line('d', 'three')],
    ])
    assert.deepEqual([file.filename, file.purpose], ['calls.jsonl', 'batch'])
    const { id, status } = await openai.batches.create({
      ...{ ...made, input_file_id: file.id, metadata: { of: 'test' } },
    })
    assert.match(status, /validating|in_progress/)
    const batch = await over(openai, id)
    assert.equal(batch.status, 'completed')
    assert.deepEqual(batch.request_counts, { total: 4, completed: 3, failed: 1 })
    assert.deepEqual(batch.metadata, { of: 'test' })
    const answers = await linesOf(openai, batch.output_file_id!)
    assert.deepEqual(
      answers.map(({ custom_id, response }) => [
        ...[custom_id, response.status_code, response.body.choices[0].text],
      ]),
      [['a', 200, 'ONE'], ['b', 200, 'TWO'], ['d', 200, 'THREE']],
    )
    const [error] = await linesOf(openai, batch.error_file_id!)
    assert.deepEqual([error.custom_id, error.response.status_code], ['c', 400])
    assert.equal(error.response.body.error.code, 'invalid_input')
    assert.deepEqual((await openai.batches.list()).data.map((one) => one.id), [id])
    const files = await openai.files.list({ purpose: 'batch' })
    assert.deepEqual(files.data.map((one) => one.id), [file.id])
    assert.equal((await openai.files.delete(file.id)).deleted, true)
    await assert.rejects(openai.files.retrieve(file.id), { status: 404 })
  }))

Deno.test('a batch that is refused while there is no node is answered once there is one', () =>
  withCoordinator(
    async (coordinator) => {
      const openai = new OpenAI({
        ...{ baseURL: `${coordinator.url}/v1`, apiKey: 'none', maxRetries: 0 },
      })
      const file = await upload(openai, [line('a', 'one')])
      const { id } = await openai.batches.create({ ...made, input_file_id: file.id })
      const refused = async () => {
        const { pipelines } = await (await fetch(`${coordinator.url}/v1/stats`)).json()
        return Object.keys(pipelines.scribe.failed).length > 0
      }
      while (!await refused()) await new Promise((done) => setTimeout(done, 10))
      await joinScripted(coordinator, 'one', echoes)
      assert.equal((await over(openai, id)).status, 'completed')
    },
    undefined,
    options,
  ))

Deno.test('a batch whose file cannot be used has failed, with the line', () =>
  withClient(async (openai) => {
    const wrong: [string[], RegExp, number | null][] = [
      [['{'], /line 1 is not JSON/, 1],
      [[line('a', 'x'), line('a', 'y')], /line 2: custom_id is there twice/, 2],
      [[line('a', 'x', { url: '/v1/chat/completions' })], /line 1: url must be/, 1],
      [[line('a', 'x', { method: 'GET' })], /line 1: method/, 1],
      [['', ' '], /has no lines/, null],
    ]
    for (const [lines, says, at] of wrong) {
      const file = await upload(openai, lines)
      const { id } = await openai.batches.create({ ...made, input_file_id: file.id })
      const { status, errors } = await over(openai, id)
      assert.equal(status, 'failed')
      assert.match(errors!.data![0]!.message!, says)
      assert.equal(errors!.data![0]!.line, at)
    }
    await assert.rejects(openai.batches.create({ ...made, input_file_id: 'none' }), {
      ...{ status: 404, code: 'not_found' },
    })
    const other = { ...made, endpoint: '/v1/embeddings' } as const
    await assert.rejects(openai.batches.create({ ...other, input_file_id: 'x' }), { status: 400 })
  }))

Deno.test('lines are refused for good before a node is there, and the others wait for one', () =>
  withCoordinator(
    async (coordinator) => {
      const openai = new OpenAI({ baseURL: `${coordinator.url}/v1`, apiKey: 'none', maxRetries: 0 })
      const endpoint = '/v1/chat/completions'
      const chat = (custom_id: string, schema: unknown) =>
        line(custom_id, '', {
          url: endpoint,
          body: {
            ...{ model: 'scribe', messages: [{ role: 'user', content: custom_id }] },
            response_format: { type: 'json_schema', json_schema: { schema } },
          },
        })
      const costly = (n: number) => ({
        prefixItems: Array.from({ length: 50 }, (_, i) => ({ pattern: `^(a?){${i + n}}$` })),
      })
      const file = await upload(openai, [
        chat('a', { type: 'string' }),
        chat('b', costly(900)),
        chat('c', costly(940)),
        chat('d', { type: 'nothing' }),
      ])
      const { id } = await openai.batches.create({
        ...{ ...made, endpoint, input_file_id: file.id },
      })
      while ((await openai.batches.retrieve(id)).request_counts!.failed < 3) {
        await new Promise((done) => setTimeout(done, 10))
      }
      assert.equal((await openai.batches.retrieve(id)).status, 'in_progress')
      await joinScripted(coordinator, 'one', echoes)
      const batch = await over(openai, id)
      assert.deepEqual(batch.request_counts, { total: 4, completed: 1, failed: 3 })
      const errors = await linesOf(openai, batch.error_file_id!)
      assert.deepEqual(
        errors.map(({ custom_id, response }) => [custom_id, response.status_code]),
        [['b', 413], ['c', 413], ['d', 400]],
      )
    },
    undefined,
    options,
  ))

Deno.test('a batch that is cancelled has the answers that there are', () => {
  const stuck = Promise.withResolvers<void>()
  return withClient(async (openai) => {
    const file = await upload(openai, [line('a', 'one'), line('b', 'never')])
    const { id } = await openai.batches.create({ ...made, input_file_id: file.id })
    await stuck.promise
    while ((await openai.batches.retrieve(id)).request_counts!.completed < 1) {
      await new Promise((done) => setTimeout(done, 5))
    }
    const batch = await openai.batches.cancel(id)
    assert.equal(batch.status, 'cancelled')
    const answers = await linesOf(openai, batch.output_file_id!)
    assert.deepEqual(answers.map(({ custom_id }) => custom_id), ['a'])
  }, (batch) => {
    const said = batch.blobs.map((bytes) => new TextDecoder().decode(bytes))
    if (!said.includes('never')) return echoes(batch)
    stuck.resolve()
    return undefined
  })
})
