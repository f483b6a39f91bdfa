/** The client reads texts as they come, of a coordinator over HTTP. */
import assert from 'node:assert/strict'
import { createClient } from '../../src/client/mod.ts'
import { saying, withTexts } from '../conformance/text_scene.ts'
import { PIXEL_PNG } from '../coordinator/fixture.ts'
import { failure, withServer } from './scene.ts'

Deno.test('generate() yields the text in pieces, and its answer at the end', () =>
  withTexts(async ({ url, asked, script }) => {
    const shoal = createClient(url)
    script(saying('one two three', 'length'))
    const options = { maxTokens: 3, temperature: 1, topP: 0.5, seed: 7, stop: '!', requestId: 'me' }
    const going = shoal.generate('scribe', 'Count.', { ...options, minAccuracy: 0.5 })
    const pieces: string[] = []
    for await (const piece of going) pieces.push(piece)
    assert.equal(pieces.join(''), 'one two three')
    const answer = await going.answer
    assert.deepEqual([answer.id, answer.text, 'json' in answer], ['me', 'one two three', false])
    assert.deepEqual(answer.generated, { finish: 'length', promptTokens: 7, completionTokens: 3 })
    assert.equal(asked[0]?.text, 'Count.')
    assert.equal(asked[0]?.minAccuracy, 0.5)
    assert.deepEqual(asked[0]?.payload.meta['ask'], {
      ...{ maxTokens: 3, temperature: 1, topP: 0.5, seed: 7, stop: ['!'] },
    })
  }))

Deno.test('generate() has what was read of a picture as JSON, whether or not its pieces are read', () =>
  withTexts(async ({ url, asked, script }) => {
    script(() => Promise.resolve({ text: '{"total": "1.20"}', json: { total: '1.20' } }))
    const shoal = createClient(url)
    const { json, outputs } = await shoal.generate('slip', PIXEL_PNG).answer
    assert.deepEqual([json, outputs], [{ total: '1.20' }, { slip: { total: '1.20' } }])
    await shoal.generate('slip', PIXEL_PNG, { maxTokens: 9 }).answer
    const metas = asked.map(({ payload: { meta } }) => meta)
    assert.deepEqual(metas, [{ type: 'image/png' }, { type: 'image/png', ask: { maxTokens: 9 } }])
    assert.deepEqual(asked[1]?.payload.bytes, PIXEL_PNG)
    const { outputs: said } = await shoal.infer('scribe', { text: 'x', maxTokens: 2 })
    assert.deepEqual(said, { said: [{ text: '{"total": "1.20"}' }] })
  }))

Deno.test('a loop over generate() that is left, or aborted, takes the query back', () =>
  withTexts(async ({ url, script }) => {
    let cancelled = Promise.withResolvers<unknown>()
    script(async ({ gone }, say) => {
      gone(cancelled.resolve)
      say('on ')
      await new Promise(() => {})
      return {}
    })
    const shoal = createClient(url)
    const going = shoal.generate('scribe', 'x', { timeoutMs: 600_000 })
    for await (const piece of going) if (piece === 'on ') break
    await cancelled.promise
    await assert.rejects(going.answer, { name: 'AbortError' })

    cancelled = Promise.withResolvers<unknown>()
    const user = new AbortController()
    const other = shoal.generate('scribe', 'x', { timeoutMs: 600_000, signal: user.signal })
    await assert.rejects(async () => {
      for await (const _ of other) user.abort(new Error('enough'))
    }, /enough/)
    await cancelled.promise
  }))

Deno.test('generate() throws why there is no text, before its first piece and after', () =>
  withTexts(async ({ url, script }) => {
    const shoal = createClient(url)
    script(() =>
      Promise.resolve({ ok: false, reason: 'queue_full', message: 'Full', retryAfterMs: 1000 })
    )
    const full = await failure(shoal.generate('scribe', 'x').answer)
    assert.deepEqual([full.status, full.reason, full.retryAfterS], [503, 'queue_full', 1])
    script((_, say) => {
      say('so far')
      return Promise.resolve({ ok: false, reason: 'node_failed', message: 'It failed' })
    })
    const going = shoal.generate('scribe', 'x')
    assert.deepEqual(await going.next(), { done: false, value: 'so far' })
    assert.equal((await failure(going.next())).reason, 'node_failed')
    script(() => new Promise(() => {}))
    const slow = await failure(shoal.generate('scribe', 'x', { ttftMs: 20 }).answer)
    assert.equal(slow.reason, 'deadline_exceeded')
    assert.throws(() => shoal.generate('scribe', 'x', { minAccuracy: 2 }), RangeError)
  }))

Deno.test('generate() does not take a stream that breaks off for an answer', () =>
  withServer(
    () =>
      new Response('event: text\ndata: {"text":"half"}\n\n', {
        headers: { 'content-type': 'text/event-stream' },
      }),
    async (url) => {
      const going = createClient(url).generate('scribe', 'x')
      assert.equal((await going.next()).value, 'half')
      assert.equal((await failure(going.answer)).reason, 'unreachable')
    },
  ))
