/** OpenAI's own client: chats, and what goes wrong with them. */
import assert from 'node:assert/strict'
import OpenAI, { APIError, BadRequestError, InternalServerError, NotFoundError } from 'openai'
import { PIXEL_PNG } from '../coordinator/fixture.ts'
import { saying, withTexts } from './text_scene.ts'

const clientOf = (url: string, apiKey = 'none') =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
const user = (content: string) => [{ role: 'user' as const, content }]

Deno.test('openai: a chat is answered whole, with usage, and names the model as it was asked for', () =>
  withTexts(async ({ url, asked, script }) => {
    const client = clientOf(url)
    script(saying('A fine day.', 'length'))
    const { data, request_id } = await client.chat.completions.create({
      model: 'scribe',
      messages: [{ role: 'system', content: 'Be short.' }, ...user('How is it?')],
      max_completion_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      seed: -1,
      stop: ['\n', '##'],
      user: 'somebody',
    }).withResponse()
    assert.equal(data.object, 'chat.completion')
    assert.equal(data.model, 'scribe')
    assert.match(data.id, /^chatcmpl-/)
    assert.equal(data.id, `chatcmpl-${request_id}`)
    assert.ok(Math.abs(data.created - Date.now() / 1000) < 60)
    assert.deepEqual(data.choices.map(({ message, finish_reason }) => [message, finish_reason]), [
      [{ role: 'assistant', content: 'A fine day.', refusal: null }, 'length'],
    ])
    assert.deepEqual(data.usage, { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 })
    assert.equal(data.system_fingerprint, 'fp_scribe_1_large')
    // Without a template what the user said last is the prompt.
    assert.equal(asked[0]?.text, 'How is it?')
    assert.deepEqual(asked[0]?.payload.meta, {
      type: 'text/plain',
      ask: { maxTokens: 9, temperature: 0.5, topP: 0.9, seed: 2 ** 32 - 1, stop: ['\n', '##'] },
    })
  }))

Deno.test('openai: a chat comes piece by piece, and its last chunks say why it ended and what it took', () =>
  withTexts(async ({ url, asked, script }) => {
    script(saying('one two three'))
    const stream = await clientOf(url).chat.completions.create({
      model: 'talker',
      messages: [{ role: 'developer', content: 'Count.' }, ...user('Go')],
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    assert.deepEqual(chunks[0]?.choices[0]?.delta, { role: 'assistant', content: '' })
    assert.equal(
      chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''),
      'one two three',
    )
    const finishes = chunks.map(({ choices }) => choices[0]?.finish_reason)
    assert.deepEqual(finishes.slice(-2), ['stop', undefined])
    assert.ok(finishes.slice(0, -2).every((one) => one === null))
    assert.deepEqual(chunks.at(-1)?.choices, [])
    assert.equal(chunks.at(-1)?.usage?.total_tokens, 10)
    assert.ok(chunks.slice(0, -1).every(({ usage }) => usage === null))
    assert.equal(
      new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size,
      1,
    )
    // A pipeline with a template gets the conversation, in roles that templates know.
    assert.equal(asked[0]?.payload.meta['type'], 'application/json')
    assert.deepEqual(JSON.parse(asked[0]!.text), [
      { role: 'system', content: 'Count.' },
      { role: 'user', content: 'Go' },
    ])
  }))

Deno.test('openai: a stream is read by the helper that puts it together, too', () =>
  withTexts(async ({ url, script }) => {
    script(saying('one two three'))
    const stream = clientOf(url).chat.completions.stream({ model: 'scribe', messages: user('Go') })
    assert.equal(await stream.finalContent(), 'one two three')
  }))

Deno.test('openai: whoever leaves a stream has its query cancelled', () =>
  withTexts(async ({ url, script }) => {
    const cancelled = Promise.withResolvers<unknown>()
    script(async ({ gone }, say) => {
      gone(cancelled.resolve)
      say('on and on')
      await new Promise(() => {})
      return {}
    })
    const stream = await clientOf(url).chat.completions.create({
      ...{ model: 'scribe', messages: user('Go'), stream: true },
    }, { headers: { 'x-request-timeout-ms': '600000' } })
    for await (const { choices } of stream) {
      if (choices[0]?.delta.content === 'on and on') break
    }
    assert.equal((await cancelled.promise as Error).name, 'AbortError')
  }))

Deno.test('openai: a schema is handed on; where a pipeline has its own, any JSON is that', () =>
  withTexts(async ({ url, asked }) => {
    const client = clientOf(url)
    const schema = { type: 'object', properties: { total: { type: 'string' } } }
    const ask = (
      model: string,
      response_format: OpenAI.ResponseFormatJSONSchema | OpenAI.ResponseFormatJSONObject,
      content: OpenAI.ChatCompletionUserMessageParam['content'] = 'x',
    ) =>
      client.chat.completions.create({
        model,
        messages: [{ role: 'user', content }],
        response_format,
      })
    await ask('scribe', {
      type: 'json_schema',
      json_schema: { name: 'slip', schema, strict: true },
    })
    await ask('scribe', { type: 'json_object' })
    await assert.rejects(
      ask('scribe', { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'nope' } } }),
      (error: APIError) =>
        error.param === 'response_format' && /type: must be one of/.test(error.message),
    )
    const url_ = `data:image/png;base64,${PIXEL_PNG.toBase64()}`
    await ask('slip', { type: 'json_object' }, [
      { type: 'text', text: 'What is on it?' },
      { type: 'image_url', image_url: { url: url_, detail: 'high' } },
    ])
    assert.deepEqual(asked.map(({ payload: { meta } }) => meta), [
      { type: 'text/plain', ask: { schema } },
      { type: 'text/plain', ask: { schema: { type: 'object' } } },
      { type: 'image/png' },
    ])
    assert.deepEqual(asked[2]?.payload.bytes, PIXEL_PNG)
  }))

Deno.test('openai: what would change the answer is refused by name, what would not is passed over', () =>
  withTexts(async ({ url, asked }) => {
    const { completions } = clientOf(url).chat
    const base = { model: 'scribe', messages: user('Go') }
    const refused: [string, object][] = [
      ['n', { n: 2 }],
      ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }],
      ['functions', { functions: [{ name: 'f' }] }],
      ['logprobs', { logprobs: true }],
      ['top_logprobs', { top_logprobs: 2 }],
      ['frequency_penalty', { frequency_penalty: 1 }],
      ['logit_bias', { logit_bias: { 50256: -100 } }],
      ['min_p', { min_p: 0.1 }],
      ['temperature', { temperature: 3 }],
      ['max_tokens', { max_tokens: 0 }],
      ['stop', { stop: ['a', 'b', 'c', 'd', 'e'] }],
      ['stream_options', { stream_options: { include_usage: true } }],
      ['messages', { messages: [] }],
      ['messages[0].role', { messages: [{ role: 'tool', content: 'x', tool_call_id: '1' }] }],
      ['messages[0].content', { messages: [{ role: 'user', content: null }] }],
      ['messages[0].content[0].image_url.url', {
        messages: [{
          role: 'user',
          content: [{ type: 'image_url', image_url: { url: 'https://example.org/a.png' } }],
        }],
      }],
    ]
    for (const [param, more] of refused) {
      const error = await completions.create({ ...base, ...more }).catch((error) => error)
      assert.ok(error instanceof BadRequestError, param)
      assert.equal(error.param, param)
      assert.equal(error.type, 'invalid_request_error')
    }
    assert.equal(asked.length, 0)
    await completions.create({
      ...base,
      ...{
        n: 1,
        tools: [],
        logprobs: false,
        frequency_penalty: 0,
        store: true,
        metadata: { a: 'b' },
      },
      ...{ user: 'me', service_tier: 'auto', parallel_tool_calls: true, tool_choice: 'none' },
      stop: null,
    })
    assert.equal(asked.length, 1)
  }))

Deno.test('openai: errors are of the class, status and code that its clients know', () =>
  withTexts(async ({ url, script, coordinator }) => {
    const client = clientOf(url)
    const failing = (model = 'scribe', headers: Record<string, string> = {}) =>
      client.chat.completions.create({ model, messages: user('Go') }, { headers })
        .then(() => assert.fail('it was answered'), (error: APIError) => error)

    const unknown = await failing('nobody')
    assert.ok(unknown instanceof NotFoundError)
    assert.deepEqual([unknown.code, unknown.param], ['model_not_found', 'model'])
    assert.match(unknown.message, /there are scribe, scribe:large/)
    assert.ok(await failing('plain') instanceof NotFoundError)
    assert.ok(await failing('scribe', { 'x-ttft-ms': '0' }) instanceof BadRequestError)

    script(() =>
      Promise.resolve({ ok: false, reason: 'queue_full', message: 'Full', retryAfterMs: 1500 })
    )
    const full = await failing()
    assert.ok(full instanceof InternalServerError)
    assert.deepEqual([full.status, full.code, full.type], [503, 'queue_full', 'server_error'])
    assert.equal(full.headers?.get('retry-after'), '2')

    script(() => new Promise(() => {}))
    const late = await failing('scribe', { 'x-request-timeout-ms': '30' })
    assert.deepEqual([late.status, late.code], [504, 'deadline_exceeded'])
    const slow = await failing('scribe', { 'x-ttft-ms': '30', 'x-request-timeout-ms': '600000' })
    assert.deepEqual([slow.status, slow.code], [504, 'deadline_exceeded'])
    assert.match(slow.message, /no token came in 30 ms/)
    assert.equal(coordinator.pool.queriesInFlight(), 0)
  }))

Deno.test('openai: an error after the first token comes as an event, and ends the stream', () =>
  withTexts(async ({ url, script }) => {
    script((_, say) => {
      say('so far')
      return Promise.resolve({ ok: false, reason: 'node_failed', message: 'The nodes failed' })
    })
    const stream = await clientOf(url).chat.completions.create({
      ...{ model: 'scribe', messages: user('Go'), stream: true },
    })
    let text = ''
    const error = await (async () => {
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    })().catch((error) => error)
    assert.equal(text, 'so far')
    assert.ok(error instanceof APIError)
    assert.equal(error.code, 'node_failed')
  }))

Deno.test('openai: the pace of an answer makes its deadline where the call names none', () =>
  withTexts(async ({ url, asked }) => {
    const ask = (headers: Record<string, string>, max_tokens?: number) =>
      clientOf(url).chat.completions.create(
        { model: 'scribe', messages: user('Go'), max_tokens: max_tokens ?? null },
        { headers },
      )
    const pace = { 'x-ttft-ms': '400', 'x-tpot-ms': '12.5' }
    await ask(pace, 10)
    await ask(pace)
    await ask({ ...pace, 'x-request-timeout-ms': '900' })
    await ask({ 'x-tpot-ms': '10' })
    const budgets = asked.map(({ deadlineMs, arrivedMs }) => Math.round(deadlineMs - arrivedMs))
    assert.deepEqual(budgets, [525, 800, 900, 5000])
  }))
