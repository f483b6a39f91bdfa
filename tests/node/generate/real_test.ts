/** A node that generates with the worker as shipped, the real engine and a small decoder. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createDenoHost } from '../../../src/node/host_deno.ts'
import { createNode, type NodeOptions } from '../../../src/node/node.ts'
import { codecAssetUrls } from '../../../src/cli/serve/codec_assets.ts'
import type { Generated } from '../../../src/pipeline/generate.ts'
import { type Peer, startTestCoordinator } from '../coordinator.ts'
import { batchOf, heldEngine, load, servedFrom } from '../fixture.ts'
import { madeDecoder } from '../engine/generate/made_decoder.ts'
import { heardOf } from './scene.ts'

const SAY = { pipeline: 'g', task: 'say', variant: 'small' }
const PIPELINE = {
  schema: 'shoal-pipeline/1',
  ...{ name: 'g', sloMs: 60_000, root: 'say' },
  tasks: {
    say: {
      ...{ kind: 'generate', context: 160, maxTokens: 24, rows: 4, end: [2] },
      next: [],
      variants: { small: { accuracy: 1, model: 'm' } },
    },
  },
}

async function withDecoder(play: (peer: Peer) => Promise<void>, more: Partial<NodeOptions> = {}) {
  ok(heldEngine)
  const served = await servedFrom(PIPELINE, { m: madeDecoder({ kind: 'slot' }) })
  const coordinator = startTestCoordinator(served)
  const cache = crypto.randomUUID()
  const node = createNode({
    host: createDenoHost({ codecs: codecAssetUrls(), cache }),
    ...{ url: coordinator.url, slots: 1, measure: false, backend: 'wasm' },
    ...more,
  })
  try {
    await node.start()
    const peer = await coordinator.nextPeer()
    await load(peer, SAY)
    await play(peer)
  } finally {
    await node.stop()
    await coordinator.close()
    while (await caches.delete(cache).then(() => false, () => true)) {
      await new Promise((done) => setTimeout(done, 20))
    }
  }
}

/** The model knows the bytes of digits, and none of letters. */
function ask(peer: Peer, batch: number, prompts: string[], meta: object = {}): void {
  const items = prompts.map((_, blob) => ({ meta: { ...meta } as never, payload: { blob } }))
  peer.send(batchOf(batch, SAY, items), prompts.map((text) => new TextEncoder().encode(text)))
}

async function answersOf(peer: Peer, batch: number): Promise<Generated[]> {
  const { message } = await peer.take('result', (m) => m.batch === batch)
  return message.items.map((one) => {
    ok(one.ok, JSON.stringify(one))
    return one.fields as unknown as Generated
  })
}

const PROMPTS = ['1234', '0:9', '(5) 55, 555, 5555, 55555 ...', '7', '1234 1234', '42']

Deno.test('batches that share a loop say what they say alone', async () => {
  await withDecoder(async (peer) => {
    const alone: Generated[] = []
    for (const [i, prompt] of PROMPTS.entries()) {
      ask(peer, i, [prompt])
      alone.push(...await answersOf(peer, i))
    }
    deepEqual(alone.map(({ promptTokens }) => promptTokens), PROMPTS.map(({ length }) => length))
    ok(alone.some(({ completionTokens }) => completionTokens > 10))
    ask(peer, 10, PROMPTS.slice(0, 3))
    ask(peer, 11, PROMPTS.slice(3))
    deepEqual([...await answersOf(peer, 10), ...await answersOf(peer, 11)], alone)
    for (const [i, { text, ids }] of alone.entries()) {
      const heard = i < 3 ? heardOf(peer, 10, i) : heardOf(peer, 11, i - 3)
      deepEqual(heard, { text, ids })
    }
  })
})

Deno.test('an answer goes on behind what was said of it elsewhere, and keeps to a schema', async () => {
  await withDecoder(async (peer) => {
    ask(peer, 1, ['1234'])
    const [whole] = await answersOf(peer, 1)
    const said = whole!.ids.slice(0, 5)
    ask(peer, 2, ['1234'], { said })
    deepEqual(await answersOf(peer, 2), [whole])
    const first = peer.received.find(({ message }) =>
      message.type === 'said' && message.batch === 2 && message.items.length > 0
    )
    ok(first?.message.type === 'said' && first.message.items[0]!.from === said.length)
    ask(peer, 3, ['1'], { ask: { schema: { type: 'integer', minimum: 10, maximum: 99 } } })
    const [{ text, json }] = await answersOf(peer, 3) as [Generated]
    match(text, /^[1-9]\d$/)
    equal(json, Number(text))
  })
})

Deno.test('a prompt that is too long, a schema that is none and a text that is no UTF-8 fail alone', async () => {
  await withDecoder(async (peer) => {
    const items = [{}, { ask: { schema: { type: 'colour' } } }, {}, {}].map((meta, blob) => ({
      ...{ meta: meta as never, payload: { blob } },
    }))
    const texts = ['1'.repeat(200), '1', '1', '1'].map((text) => new TextEncoder().encode(text))
    texts[2] = Uint8Array.of(0xff, 0xfe)
    peer.send(batchOf(1, SAY, items), texts)
    const { message } = await peer.take('result')
    deepEqual(
      message.items.map((one) => one.ok || one.reason),
      ['invalid_input', 'invalid_input', 'invalid_input', true],
    )
  })
})

Deno.test('a node tells what usual batches take that generate', async () => {
  await withDecoder(async (peer) => {
    const batches = new Set<number>()
    while (batches.size < 3) {
      const { message } = await peer.take('report', ({ profile }) => profile !== undefined)
      for (const { points } of message.profile!) {
        for (const { batch, latencyMs } of points) {
          batches.add(batch)
          ok(latencyMs > 0)
        }
      }
    }
    ok(batches.has(1) && batches.has(2) && batches.has(4))
  }, { measure: true })
})
