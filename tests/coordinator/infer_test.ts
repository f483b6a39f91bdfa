import assert from 'node:assert/strict'
import type { InferAnswer } from '../../src/client/types.ts'
import { createClient, ShoalError } from '../../src/client/mod.ts'
import {
  ask,
  type Behaviour,
  honest,
  joinScripted,
  PIXEL_PNG,
  untilReady,
  withCoordinator,
} from './fixture.ts'

Deno.test('infer answers with outputs put together as the pipeline file says', () =>
  withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    const response = await ask(coordinator, {
      'x-request-id': 'mine-7',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    })
    assert.equal(response.status, 200)
    const answer = await response.json() as InferAnswer
    assert.equal(answer.id, 'mine-7')
    assert.equal(answer.pipeline, 'words')
    assert.equal(answer.deadlineMs, 5000)
    assert.deepEqual(answer.outputs.words?.map((word) => (word as { box: number[] }).box), [
      [0, 0],
      [1, 1],
    ])
    assert.deepEqual(answer.path, { find: { slow: 1 }, read: { large: 2 } })
    assert.ok(Math.abs(answer.accuracy - 0.9 * 0.95) < 1e-9)
    assert.deepEqual(answer.stages.map(({ task, node, backend }) => [task, node, backend]), [
      ...[['find', 'one', 'wasm'], ...answer.stages.slice(1).map(() => ['read', 'one', 'wasm'])],
    ])
    const items = answer.stages.filter(({ task }) => task === 'read').map(({ items }) => items)
    assert.equal(items.reduce((a, b) => a + b), 2)
    for (const stage of answer.stages) {
      for (const part of ['queueMs', 'networkMs', 'computeMs'] as const) {
        assert.ok(stage[part] >= 0, `${part} ${stage[part]}`)
      }
    }
    assert.match(response.headers.get('server-timing') ?? '', /find;dur=[\d.]+;desc="slow"/)
    assert.equal(response.headers.get('x-request-id'), 'mine-7')
    assert.match(response.headers.get('traceparent') ?? '', /^00-0af7/)
  }))

Deno.test('infer takes a picture in JSON as base64', () =>
  withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    const input = {
      ...{ name: 'image', shape: [1], datatype: 'BYTES', data: [PIXEL_PNG.toBase64()] },
      parameters: { encoding: 'base64' },
    }
    const send = (inputs: unknown) =>
      ask(coordinator, { 'content-type': 'application/json' }, JSON.stringify({ inputs }))
    const good = await send([input])
    assert.equal(good.status, 200)
    assert.equal((await good.json()).outputs.words.length, 2)
    for (const bad of [[], [{ ...input, data: ['%%%'] }], [{ ...input, parameters: {} }], 'x']) {
      const response = await send(bad)
      assert.equal(response.status, 400, JSON.stringify(bad))
      assert.equal((await response.json()).reason, 'invalid_input')
    }
  }))

Deno.test('a picture in which nothing is found answers 200 with empty lists', () => {
  const nothing: Behaviour = ({ message }) => ({
    items: message.items.map(() => ({ ok: true, fields: null, children: { read: [] } })),
  })
  return withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'one', nothing)
    await untilReady(coordinator)
    const answer = await (await ask(coordinator)).json() as InferAnswer
    assert.deepEqual(answer.outputs, { words: [] })
    assert.equal(answer.accuracy, 0.9)
  })
})

Deno.test('items that a stage calls empty are left out of the outputs', () => {
  const silent: Behaviour = (batch) =>
    batch.message.task === 'find' ? honest(batch) : {
      items: batch.message.items.map((_, i) => ({
        ok: true,
        fields: i === 0 ? null : { text: 'kept' },
        children: {},
      })),
    }
  return withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'one', silent)
    await untilReady(coordinator)
    const { outputs } = await (await ask(coordinator)).json() as InferAnswer
    assert.ok((outputs.words?.length ?? 9) < 2)
  })
})

Deno.test('crops go back to the node that cut them as keys, to another as bytes', () =>
  withCoordinator(async (coordinator) => {
    const one = await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    await (await ask(coordinator)).json()
    const reads = one.batches.filter(({ message }) => message.task === 'read')
    assert.ok(reads.length > 0)
    for (const { message, blobs } of reads) {
      assert.equal(blobs.length, 0)
      assert.ok(message.items.every(({ payload }) => 'key' in payload))
    }
    const { keys } = await one.got('release')
    assert.equal(keys.length, 2, 'copies are let go with the query')
  }))

Deno.test('a copy that the node let go is sent again as bytes', () => {
  const forgetful: Behaviour = (batch) => {
    const { message } = batch
    if (message.task === 'find' || message.items.every(({ payload }) => 'blob' in payload)) {
      return honest(batch)
    }
    return {
      items: message.items.map(() => ({ ok: false, reason: 'missing', message: 'let go' })),
    }
  }
  return withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'one', forgetful)
    await untilReady(coordinator)
    const { outputs } = await (await ask(coordinator)).json() as InferAnswer
    assert.deepEqual(outputs.words?.map((word) => (word as { text: string }).text), [
      ...['word 1', 'word 2'],
    ])
  })
})

Deno.test('the typed client reads answers and throws errors with their reason', () =>
  withCoordinator(async (coordinator) => {
    const shoal = createClient(coordinator.url)
    const picture = new Blob([PIXEL_PNG], { type: 'image/png' })
    await assert.rejects(shoal.infer('words', picture), (error) => {
      assert.ok(error instanceof ShoalError)
      assert.equal(error.status, 503)
      assert.equal(error.reason, 'no_capable_node')
      assert.ok((error.retryAfterS ?? 0) >= 1)
      return true
    })
    await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    const answer = await shoal.infer<{ words: { text: string }[] }>('words', picture, {
      timeoutMs: 4000,
      minAccuracy: 0.5,
      requestId: 'abc',
    })
    assert.equal(answer.id, 'abc')
    assert.equal(answer.deadlineMs, 4000)
    assert.equal(answer.outputs.words.length, 2)
    assert.deepEqual((await shoal.getPipelines()).map(({ name }) => name), ['words'])
    const [node] = await shoal.getNodes()
    assert.equal(node?.name, 'one')
    assert.equal(node?.instances, 4)
    assert.ok((node?.bytesSent ?? 0) > 0)
    assert.ok((await shoal.getPlan()).mix.length >= 0)
  }))
