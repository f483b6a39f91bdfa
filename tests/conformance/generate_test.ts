/** Texts through KServe's generate extension, the infer call of both protocols, and streams of it. */
import assert from 'node:assert/strict'
import { PATIENT, PIXEL_PNG } from '../coordinator/fixture.ts'
import { packBytes, postInfer } from './oip_client.ts'
import { saying, withTexts } from './text_scene.ts'

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

interface SentEvent {
  event: string
  // deno-lint-ignore no-explicit-any
  data: any
}

async function eventsOf(response: Response): Promise<SentEvent[]> {
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  const blocks = (await response.text()).split('\n\n')
  assert.equal(blocks.pop(), '')
  return blocks.map((block) => ({
    event: /^event: (.*)$/m.exec(block)?.[1] ?? '',
    data: JSON.parse(/^data: (.*)$/m.exec(block)![1]!),
  }))
}

Deno.test('generate: a text comes whole, or piece by piece until it is done', () =>
  withTexts(async ({ url, asked, script }) => {
    script(saying('one two three'))
    const body = {
      text_input: 'Count.',
      parameters: { temperature: 0.3, top_p: 0.5, seed: 3, stop: ['x'], details: false },
    }
    const whole = await post(`${url}/v2/models/scribe/generate`, body)
    const { id, ...said } = await whole.json()
    assert.deepEqual(said, {
      model_name: 'scribe',
      model_version: '1',
      text_output: 'one two three',
    })
    assert.match(id, /./)
    const ask = { temperature: 0.3, topP: 0.5, seed: 3, stop: ['x'] }
    assert.deepEqual(asked[0]?.payload.meta, { type: 'text/plain', ask: { maxTokens: 20, ...ask } })
    const path = `${url}/v2/models/scribe/versions/1/generate_stream`
    const events = await eventsOf(
      await post(path, { id: '42', text_input: 'Count.', parameters: { max_tokens: 5000 } }),
    )
    assert.equal(events.map(({ data }) => data.text_output).join(''), 'one two three')
    assert.deepEqual(events.map(({ data }) => data.done).slice(-2), [false, true])
    assert.ok(events.every(({ data }) => data.id === '42' && data.model_name === 'scribe'))
    assert.deepEqual(asked[1]?.payload.meta['ask'], { maxTokens: 64 })
  }))

Deno.test('generate: faults have the status and shape of the protocol, before and after the first piece', () =>
  withTexts(async ({ url, asked, script }) => {
    const refused: [string, unknown, number][] = [
      ['nobody', { text_input: 'x' }, 404],
      ['scribe/versions/7', { text_input: 'x' }, 404],
      ['plain', { text_input: 'x' }, 404],
      ['slip', { text_input: 'x' }, 400],
      ['scribe', {}, 400],
      ['scribe', { text_input: '' }, 400],
      ['scribe', { text_input: 'x', parameters: { max_tokens: 0 } }, 400],
      ['scribe', { text_input: 'x', parameters: { details: true } }, 400],
      ['scribe', { text_input: 'x', parameters: { stop: ['1', '2', '3', '4', '5', '6'] } }, 400],
    ]
    for (const [model, body, status] of refused) {
      for (const call of ['generate', 'generate_stream']) {
        const response = await post(`${url}/v2/models/${model}/${call}`, body)
        assert.equal(response.status, status, `${model} ${JSON.stringify(body)}`)
        assert.equal(typeof (await response.json()).error, 'string')
      }
    }
    assert.equal(asked.length, 0)
    script((_, say) => {
      say('so far')
      return Promise.resolve({ ok: false, reason: 'node_failed', message: 'It failed' })
    })
    const stream = `${url}/v2/models/scribe/generate_stream`
    const events = await eventsOf(await post(stream, { text_input: 'x' }))
    assert.equal(events[0]?.data.text_output, 'so far')
    assert.deepEqual(events[1]?.data, { error: 'It failed', reason: 'node_failed' })
    assert.equal(events.length, 2)
  }))

Deno.test('infer takes a text as it is, or in JSON with how to generate', () =>
  withTexts(async ({ url, asked, script }) => {
    script(saying('said'))
    const infer = `${url}/v1/pipelines/scribe/infer`
    // Long ones are read by a worker, which has to start.
    const send = (body: BodyInit, type = 'text/plain') =>
      fetch(infer, { method: 'POST', headers: { ...PATIENT, 'content-type': type }, body })
    assert.deepEqual((await (await send('Grüße, 你')).json()).outputs, { said: [{ text: 'said' }] })
    assert.equal(asked[0]?.text, 'Grüße, 你')
    assert.deepEqual(asked[0]?.payload.meta, { type: 'text/plain' })
    const input = { name: 'text', shape: [1], datatype: 'BYTES', data: ['a,b,c '.repeat(90_000)] }
    const parameters = { max_tokens: 3, stop: 'x', schema: { type: 'object' } }
    assert.equal((await post(infer, { inputs: [input], parameters }, PATIENT)).status, 200)
    assert.equal(asked[1]?.text, input.data[0])
    assert.deepEqual(asked[1]?.payload.meta['ask'], {
      ...{ maxTokens: 3, stop: ['x'], schema: { type: 'object' } },
    })

    const statusOf = async (response: Promise<Response>) => {
      const { status, body } = await response
      await body?.cancel()
      return status
    }
    assert.equal(await statusOf(send('x'.repeat(1024 * 1024))), 200)
    assert.equal(await statusOf(send('x'.repeat(1024 * 1024 + 1))), 413)
    assert.equal(await statusOf(send('')), 400)
    assert.equal(await statusOf(send(new Uint8Array([0xff, 0xfe]))), 400)
    assert.equal(await statusOf(send(PIXEL_PNG, 'image/png')), 415)
    assert.equal(await statusOf(post(infer, { inputs: [{ ...input, name: 'image' }] })), 400)
    const noSchema = { max_tokens: 9999, schema: { type: 'nope' } }
    const kept = { inputs: [{ ...input, data: ['x'] }], parameters: noSchema }
    assert.equal(await statusOf(post(infer, kept)), 400)
    const wrong = { inputs: [{ ...input, data: ['x'] }], parameters: { best_of: 2 } }
    assert.equal(await statusOf(post(infer, wrong)), 400)
    const { pipelines } = await (await fetch(`${url}/v1/pipelines`)).json()
    const told = pipelines.map((
      { takes, generates }: Record<string, unknown>,
    ) => [takes, generates])
    assert.deepEqual(told, [['text', true], ['text', true], ['picture', true], ['picture', false]])
  }))

Deno.test('v2 infer takes several texts, in JSON and as binary data', () =>
  withTexts(async ({ url, asked, script }) => {
    script(({ text }) => Promise.resolve({ text: text.toUpperCase() }))
    const call = `${url}/v2/models/scribe/infer`
    const input = { name: 'text', shape: [2], datatype: 'BYTES' }
    const parameters = { max_tokens: 4, stop: 'q' }
    const { json } = await postInfer(call, {
      ...{ inputs: [{ ...input, data: ['a', 'b'] }], outputs: [{ name: 'text' }], parameters },
    })
    assert.deepEqual(json.outputs[0]?.data, ['A', 'B'])
    assert.deepEqual(asked[0]?.payload.meta['ask'], { maxTokens: 4, stop: ['q'] })
    const bytes = packBytes(['c', 'd'].map((text) => new TextEncoder().encode(text)))
    const binary = await postInfer(call, {
      inputs: [{ ...input, parameters: { binary_data_size: bytes.length } }],
      outputs: [{ name: 'text' }],
    }, bytes)
    assert.deepEqual(binary.json.outputs[0]?.data, ['C', 'D'])
    const { inputs } = await (await fetch(`${url}/v2/models/scribe`)).json()
    assert.deepEqual(inputs, [{ name: 'text', datatype: 'BYTES', shape: [-1] }])
    const bad = await postInfer(call, {
      ...{ inputs: [{ ...input, data: ['a', 'b'] }], parameters: { temperature: 9 } },
    })
    assert.equal(bad.status, 400)
  }))

Deno.test('infer tells the text of any pipeline that generates as it comes, then the answer', () =>
  withTexts(async ({ url, script }) => {
    const stream = { accept: 'text/event-stream', 'x-request-id': 'mine' }
    script(saying('one two three'))
    const asText = {
      method: 'POST',
      headers: { ...stream, 'content-type': 'text/plain' },
      body: 'x',
    }
    const response = await fetch(`${url}/v1/pipelines/scribe/infer`, asText)
    assert.equal(response.headers.get('x-request-id'), 'mine')
    const events = await eventsOf(response)
    const pieces = events.filter(({ event }) => event === 'text').map(({ data }) => data.text)
    assert.equal(pieces.join(''), 'one two three')
    const { event, data } = events.at(-1)!
    assert.equal(event, 'answer')
    assert.deepEqual([data.id, data.pipeline, data.outputs], [
      ...['mine', 'scribe', { said: [{ text: 'one two three' }] }],
    ])

    script(async (_, say) => {
      say('{"a":')
      await Promise.resolve()
      return { text: '{"a":1}', json: { a: 1 } }
    })
    const asPicture = {
      ...{ method: 'POST', headers: { ...stream, 'content-type': 'image/png' }, body: PIXEL_PNG },
    }
    const slip = await eventsOf(await fetch(`${url}/v1/pipelines/slip/infer`, asPicture))
    assert.equal(slip.slice(0, -1).map(({ data }) => data.text).join(''), '{"a":1}')
    assert.deepEqual(slip.at(-1)?.data.outputs, { slip: { a: 1 } })

    script(() =>
      Promise.resolve({ ok: false, reason: 'queue_full', message: 'Full', retryAfterMs: 10 })
    )
    const full = await fetch(`${url}/v1/pipelines/scribe/infer`, asText)
    assert.deepEqual([full.status, full.headers.get('retry-after')], [503, '1'])
    assert.equal((await full.json()).reason, 'queue_full')

    script((_, say) => {
      say('so far')
      return Promise.resolve({ ok: false, reason: 'queue_full', message: 'Full', retryAfterMs: 10 })
    })
    const broken = await eventsOf(await fetch(`${url}/v1/pipelines/scribe/infer`, asText))
    assert.deepEqual(broken.at(-1), {
      ...{ event: 'error', data: { error: 'Full', reason: 'queue_full', retryAfterS: 1 } },
    })
  }))
