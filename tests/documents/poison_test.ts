/** Pages that take minutes to draw, in a worker as nodes have it: they are given up, and it goes on. */
import assert from 'node:assert/strict'
import { codecAssetUrls } from '../../src/cli/serve/codec_assets.ts'
import { systemClock } from '../../src/node/clock.ts'
import { NO_HASH } from '../../src/node/engine/instance.ts'
import { bringUp } from '../../src/node/slot/bring_up.ts'
import type { WorkerClient } from '../../src/node/slot/worker_client.ts'
import { pdfOf } from './made.ts'
import { groupsOfGroups, patternsOfPatterns } from './poison.ts'

const KEY = 'documents/open/150dpi'
const MOST_MS = 600_000
const file = (name: string) => new URL(`../../workers/${name}`, import.meta.url)

async function withClient(test: (client: WorkerClient) => Promise<void>): Promise<void> {
  const variant = { accuracy: 1, input: { dpi: 150 } }
  const task = { kind: 'document-pages', next: ['detect'], variants: { '150dpi': variant } }
  const up = await bringUp({
    clock: systemClock,
    assets: { codecs: codecAssetUrls(), drawing: file('drawing.ts').href },
    createWorker: () => new Worker(file('inference.ts'), { type: 'module' }),
    engine: { backend: 'wasm', threads: 1 },
    specs: [{ key: KEY, task, variant, next: ['detect'], hash: NO_HASH, noModel: true }],
    fetchModel: () => Promise.reject(new Error('there is none')),
    maxLoadMs: MOST_MS,
  })
  assert.ok(up.ok, JSON.stringify(up))
  const { client } = up.value
  try {
    await test(client)
    assert.equal(client.death, undefined, 'with all that it holds')
  } finally {
    client.close()
  }
}

async function run(client: WorkerClient, pdfs: Uint8Array[], signal?: AbortSignal) {
  const items = pdfs.map((bytes) => ({ meta: { type: 'application/pdf' }, bytes }))
  const answer = await client.run(KEY, items, 'raw', MOST_MS, signal)
  assert.ok(answer.ok, JSON.stringify(answer))
  return answer.value.results
}

Deno.test('a page that is never drawn to its end is given up, the others of its batch are not', () =>
  withClient(async (client) => {
    const poison = patternsOfPatterns()
    assert.ok(poison.length < 2500)
    const [given, good] = await run(client, [poison, await pdfOf(['scan'])])
    assert.ok(given?.ok === false)
    assert.deepEqual([given.reason, given.gaveUp], ['too_large', true])
    assert.match(given.message, /^Cannot draw page 1: it takes longer than \d+ s: print it/)
    assert.ok(good?.ok, JSON.stringify(good))
    assert.equal(good.children['detect']!.length, 1)
  }))

Deno.test('what nobody waits for is not drawn any further', () =>
  withClient(async (client) => {
    const left = new AbortController()
    const running = run(client, [groupsOfGroups(), patternsOfPatterns()], left.signal)
    left.abort()
    // Else each of them would be given up as one that takes too long.
    for (const result of await running) assert.equal(!result.ok && result.reason, 'expired')
    const [good] = await run(client, [await pdfOf(['scan'])])
    assert.ok(good!.ok, JSON.stringify(good))
  }))
