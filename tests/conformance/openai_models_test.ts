/** OpenAI's own client: models, completions, keys. */
import assert from 'node:assert/strict'
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError, RateLimitError } from 'openai'
import { createKeyring, hashOf } from '../../src/coordinator/core/keys.ts'
import { saying, withTexts } from './text_scene.ts'

const clientOf = (url: string, apiKey = 'none') =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
const user = (content: string) => [{ role: 'user' as const, content }]

Deno.test('openai: models are pipelines that generate, and variants that a call can keep to', () =>
  withTexts(async ({ url, asked, coordinator }) => {
    const client = clientOf(url)
    const ids = async () => (await client.models.list()).data.map(({ id }) => id)
    // Better ones may serve whoever asks for the small one.
    assert.deepEqual(await ids(), [
      'scribe',
      'scribe:large',
      'talker',
      'talker:large',
      'slip',
      'slip:only',
    ])
    const { id, object, owned_by } = await client.models.retrieve('scribe:large')
    assert.deepEqual([id, object, owned_by], ['scribe:large', 'model', 'shoal'])
    await assert.rejects(client.models.retrieve('nobody'), NotFoundError)
    const ask = (model: string, headers = {}) =>
      client.chat.completions.create({ model, messages: user('Go') }, { headers })
    assert.equal((await ask('scribe:large')).model, 'scribe:large')
    await ask('scribe:large', { 'x-min-accuracy': '0.95' })
    assert.deepEqual(asked.map(({ minAccuracy }) => minAccuracy), [0.9, 0.95])
    await assert.rejects(ask('scribe:small'), BadRequestError)
    await assert.rejects(ask('scribe:huge'), NotFoundError)
    Object.assign(coordinator.pool.rulings, {
      list: () => [{ pipeline: 'scribe', task: 'tell', variant: 'small', ruling: 'pinned' }],
    })
    assert.deepEqual((await ids()).slice(0, 2), ['scribe', 'scribe:small'])
    await ask('scribe:small')
    assert.equal(asked.at(-1)?.minAccuracy, undefined)
  }))

Deno.test('openai: completions, whole and piece by piece, of the very text', () =>
  withTexts(async ({ url, asked, script }) => {
    const client = clientOf(url)
    script(saying('upon a time', 'length'))
    const whole = await client.completions.create({
      model: 'talker',
      prompt: 'Once',
      max_tokens: 5,
    })
    assert.equal(whole.object, 'text_completion')
    assert.deepEqual(whole.choices.map(({ text, finish_reason }) => [text, finish_reason]), [
      ['upon a time', 'length'],
    ])
    assert.deepEqual([asked[0]?.text, asked[0]?.payload.meta['type']], ['Once', 'text/plain'])
    const stream = await client.completions.create({
      model: 'talker',
      prompt: ['Once'],
      stream: true,
    })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? ''
    assert.equal(text, 'upon a time')
    for (const more of [{ echo: true }, { best_of: 2 }, { suffix: 'x' }, { prompt: ['a', 'b'] }]) {
      const body = { model: 'talker', prompt: 'Once', ...more }
      const error = await client.completions.create(body).catch((error) => error)
      assert.ok(error instanceof BadRequestError)
      assert.equal(error.param, Object.keys(more)[0])
    }
  }))

Deno.test('openai: keys and rates are those of all calls', () => {
  const keyring = createKeyring([
    { name: 'me', role: 'client', sha256: hashOf('a-key-that-is-long-enough'), ratePerS: 1 },
  ])
  return withTexts(async ({ url }) => {
    const ask = (client: OpenAI) =>
      client.chat.completions.create({ model: 'scribe', messages: user('Go') })
    await assert.rejects(ask(clientOf(url, 'wrong')), AuthenticationError)
    const client = clientOf(url, 'a-key-that-is-long-enough')
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => ask(client).then(() => undefined, (error) => error)),
    )
    assert.ok(outcomes.includes(undefined))
    const refused = outcomes.find((error) => error instanceof RateLimitError)
    assert.equal(refused?.type, 'rate_limit_error')
  }, { keyring })
})
