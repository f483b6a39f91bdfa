import { deepEqual, equal, match } from 'node:assert/strict'
import { createNode } from '../../../src/node/node.ts'
import { startTestCoordinator } from '../coordinator.ts'
import { batchOf, BYTES, item, load, servedFrom, testHost } from '../fixture.ts'
import { answered, ECHO, GENERATES, say as ask, withGenerating } from '../generate/scene.ts'

const PROGRAM = new TextEncoder().encode(
  'export default { run: (items) => items.map(() => ({ ok: true, fields: {}, children: {} })) }',
)
const variant = { accuracy: 1, referenceMs: 1 }
const PIPELINE = {
  schema: 'shoal-pipeline/1',
  ...{ name: 'own', sloMs: 1000, root: 'do' },
  tasks: { do: { kind: 'code', stage: 'do.ts', variants: { one: variant, two: variant } } },
}
const one = { pipeline: 'own', task: 'do', variant: 'one' }
const two = { pipeline: 'own', task: 'do', variant: 'two' }

/** A node that runs programs, or none, with a cache of its own. */
async function startRunning(coordinator: ReturnType<typeof startTestCoordinator>, code = true) {
  const cache = crypto.randomUUID()
  const node = createNode({
    ...{ host: testHost(cache), url: coordinator.url, slots: 1, measure: false, code },
  })
  await node.start()
  const peer = await coordinator.nextPeer()
  return { node, cache, peer }
}

Deno.test('a variant that was unloaded before its program came is not loaded', async () => {
  const served = await servedFrom(PIPELINE, { 'do.ts': PROGRAM })
  const coordinator = startTestCoordinator(served)
  const asked = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  coordinator.answerModel = () => {
    asked.resolve()
    return new Response(
      new ReadableStream({
        async start(controller) {
          await go.promise
          controller.enqueue(PROGRAM)
          controller.close()
        },
      }),
    )
  }
  const { node, cache, peer } = await startRunning(coordinator)
  peer.send({ type: 'load', instances: [{ slot: 0, ...one }] })
  await asked.promise
  peer.send({ type: 'unload', instances: [{ slot: 0, ...one }] })
  const ready = load(peer, two)
  peer.send({ type: 'ping', n: 1 })
  await peer.take('pong')
  go.resolve()
  // Both wait for one program; the first would be loaded first.
  await ready
  peer.send(batchOf(1, two, [item()]), [BYTES])
  await peer.take('result')
  const held = peer.received.flatMap(({ message }) =>
    message.type === 'ready' ? message.variant : []
  )
  deepEqual(held, ['two'])
  deepEqual(node.state.ready, ['0 own/do/two'])
  // It can still be asked for.
  await load(peer, one)
  await node.stop()
  await coordinator.close()
  await caches.delete(cache)
})

Deno.test('a variant whose program is not to be had fails to load, and may be asked for again', async () => {
  const served = await servedFrom(PIPELINE, { 'do.ts': PROGRAM })
  const coordinator = startTestCoordinator(served)
  let isHere = false
  coordinator.answerModel = () => isHere ? undefined : new Response(null, { status: 404 })
  const { node, cache, peer } = await startRunning(coordinator)
  peer.send({ type: 'load', instances: [{ slot: 0, ...one }] })
  const { message } = await peer.take('load_failed')
  match(message.message, /404/)
  isHere = true
  await load(peer, one)
  await node.stop()
  await coordinator.close()
  await caches.delete(cache)
})

Deno.test('a node that runs no programs fetches none, whatever the coordinator asks of it', async () => {
  const served = await servedFrom(PIPELINE, { 'do.ts': PROGRAM })
  const coordinator = startTestCoordinator(served)
  const { node, cache, peer } = await startRunning(coordinator, false)
  peer.send({ type: 'load', instances: [{ slot: 0, ...one }] })
  const { message } = await peer.take('load_failed')
  equal(message.reason, 'code_not_allowed')
  match(message.message, /this node runs none/)
  peer.send(batchOf(1, one, [item()]), [BYTES])
  await peer.take('batch_failed')
  deepEqual([coordinator.downloads.size, node.state.ready], [0, []])
  await node.stop()
  await coordinator.close()
  await caches.delete(cache)
})

Deno.test('texts that a task names are fetched before its variant loads, and are there when it runs', async () => {
  const [say, then] = [GENERATES.tasks.say, GENERATES.tasks.then]
  const files = { tokenizer: 'tokenizer.json', config: 'tokenizer_config.json' }
  const pipeline = { ...GENERATES, tasks: { say: { ...say, files }, then } }
  const texts = { tokenizer: '{"of": "words"}', config: '{"élan": true}' }
  const served = await servedFrom(pipeline, {
    m: Uint8Array.of(1),
    'tokenizer.json': new TextEncoder().encode(texts.tokenizer),
    'tokenizer_config.json': new TextEncoder().encode(texts.config),
  })
  await withGenerating([ECHO], async ({ peer }) => {
    ask(peer, 1, ['hi'])
    deepEqual(await answered(peer, 1), [{ text: 'hi', together: 1, texts }])
  }, { served })
})

Deno.test('a task that names a text which is not served is not loaded', async () => {
  const { say, then } = GENERATES.tasks
  const pipeline = { ...GENERATES, tasks: { say: { ...say, files: { tokenizer: 't' } }, then } }
  const served = await servedFrom(pipeline, { m: Uint8Array.of(1) })
  await withGenerating([], async ({ peer }) => {
    peer.send({ type: 'load', instances: [{ slot: 0, ...ECHO }] })
    match(
      (await peer.take('load_failed')).message.message,
      /Cannot find tokenizer t of g\/say\/echo/,
    )
  }, { served })
})
