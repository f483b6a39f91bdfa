/** Nodes are checked over real links: who is believed, who is set aside, and what is told of it. */
import assert from 'node:assert/strict'
import { samplesOf } from '../../src/cli/serve/samples.ts'
import { createOwnToken, trustOptions } from '../../src/cli/serve/trust.ts'
import { createKeyring, hashOf, makeKey } from '../../src/coordinator/core/keys.ts'
import { pictureOf } from '../../src/coordinator/http/inputs/picture.ts'
import { createRandom } from '../../src/sim/random.ts'
import {
  ask,
  type Behaviour,
  honest,
  joinScripted,
  pipeline,
  untilHolds,
  withCoordinator,
} from './fixture.ts'

const loaded = { dir: '', pipeline, models: {} }

let serial = 0
/** Finds nothing where words are, and reads what is not there: whichever it is asked for. */
const liar: Behaviour = (batch) => {
  if (batch.message.task !== 'read') {
    return {
      items: batch.message.items.map(() => (
        { ok: true as const, fields: null, children: { read: [] } }
      )),
    }
  }
  return {
    items: batch.message.items.map(() => (
      { ok: true as const, fields: { text: `lie ${serial++}` }, children: {} }
    )),
  }
}

const reads: Behaviour = (batch) =>
  batch.message.task === 'read'
    ? {
      items: batch.message.items.map(() => (
        { ok: true as const, fields: { text: 'true' }, children: {} }
      )),
    }
    : honest(batch)

Deno.test('a node that lies is set aside, with the reason for all to see', async () => {
  const own = createOwnToken()
  const trust = await trustOptions([loaded], createRandom(1))
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  await withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'own', reads, { token: own.token })
      // Alone it would be taken at its word: there would be nobody to ask.
      await untilHolds(coordinator, 'own', 4)
      const bad = await joinScripted(coordinator, 'bad', liar, { token: 'x'.repeat(64) })
      const nodes = () => coordinator.pool.nodes()
      const find = (id: string) => nodes().find((node) => node.id === id)!
      while (find('bad')?.state !== 'quarantined') {
        const response = await ask(coordinator)
        const { outputs } = await response.json()
        if (response.status !== 200) continue
        const texts = outputs.words.map(({ text }: { text: string }) => text)
        assert.deepEqual(texts, ['true', 'true'])
      }
      assert.equal(find('own').trust, 1)
      assert.match(find('own').trustReason ?? '', /belongs to the coordinator/)
      assert.equal(find('bad').trust, 0)
      assert.match(find('bad').trustReason ?? '', /words\/(find|read)/)
      assert.match(lines.join('\n'), /node bad is in quarantine: /)
      const metrics = await (await fetch(`${coordinator.url}/metrics`)).text()
      assert.match(metrics, /shoal_nodes{state="quarantined"} 1/)
      assert.match(metrics, /shoal_nodes_judged_total{standing="quarantined"} 1/)
      const { extra } = await (await fetch(`${coordinator.url}/v1/stats`)).json()
      assert.ok(extra.replicas + extra.canaries > 0)

      // Under the same id it is no better, on a link of its own or a new one.
      await bad.leave()
      for (const epoch of [2, 3]) {
        await joinScripted(coordinator, 'bad', liar, { epoch })
        assert.equal(find('bad').state, 'quarantined')
        assert.equal(coordinator.pool.node('bad')?.quarantined, true)
      }
      for (let i = 0; i < 5; i++) {
        const { stages } = await (await ask(coordinator)).json()
        assert.ok(stages.every(({ node }: { node: string }) => node === 'own'))
      }

      // One of the coordinator's own inherits nothing of whoever had its id.
      await joinScripted(coordinator, 'bad', reads, { epoch: 4, token: own.token })
      assert.equal(coordinator.pool.node('bad')?.quarantined, false)
    },
    undefined,
    { pipelines: [loaded], trust, isOwn: own.isOwn, log },
  )
})

Deno.test('crops are asked for to be compared as they were the first time, on whatever link', async () => {
  const trust = await trustOptions([loaded], createRandom(1))
  // Two voters, of whom one can be asked about what the other says.
  const tokens = [makeKey('node'), makeKey('node')]
  const keyring = createKeyring(
    tokens.map((token, i) => ({ name: `${i}`, role: 'node', sha256: hashOf(token) })),
  )
  const pixel = { format: 'rgb', width: 1, height: 1 }
  const raw: Behaviour = (batch) => {
    if (batch.message.task === 'read') return honest(batch)
    const items = batch.message.items.map(() => (
      {
        ok: true as const,
        fields: null,
        children: { read: [{ meta: pixel, blob: 0, key: 'crop' }] },
      }
    ))
    return { items, blobs: [new Uint8Array(3)] }
  }
  await withCoordinator(
    async (coordinator) => {
      const nodes = []
      // One is near, of the other crops would be compressed: the second is asked as the first.
      for (const [i, [id, farMs]] of ([['near', 0], ['far', 5]] as const).entries()) {
        nodes.push(await joinScripted(coordinator, id, raw, { token: tokens[i]! }, 1, farMs))
        await untilHolds(coordinator, id, 4)
      }
      await (await ask(coordinator)).body?.cancel()
      const batches = await Promise.all(
        nodes.map((node) => node.got('batch', ({ task }) => task === 'find')),
      )
      assert.equal(batches[0]!.crops, batches[1]!.crops)
      // Neither keeps its copies, the one whose result no query waits for among them.
      for (const node of nodes) assert.deepEqual((await node.got('release')).keys, ['crop'])
    },
    undefined,
    { pipelines: [loaded], trust, keyring },
  )
})

/** Pictures that two nodes are asked about though no client asks anything. */
async function questions(count: number): Promise<{ meta: string; hash: string }[]> {
  const own = createOwnToken()
  const seen: { meta: string; bytes: Uint8Array }[] = []
  const asked = Promise.withResolvers<void>()
  const behave: Behaviour = (batch) => {
    if (batch.message.task === 'read') return honest(batch)
    for (const { meta, payload } of batch.message.items) {
      if (!('blob' in payload)) continue
      seen.push({ meta: JSON.stringify(meta), bytes: batch.blobs[payload.blob]! })
    }
    if (seen.length >= count) asked.resolve()
    return honest(batch)
  }
  await withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'own', behave, { token: own.token })
      await untilHolds(coordinator, 'own', 4)
      await joinScripted(coordinator, 'stranger', behave)
      await asked.promise
    },
    undefined,
    { pipelines: [loaded], trust: await trustOptions([loaded]), isOwn: own.isOwn },
  )
  return await Promise.all(seen.map(async ({ meta, bytes }) => {
    // As a client's would be: nothing is left to cut off.
    assert.deepEqual(pictureOf(bytes.slice()).bytes, bytes)
    const hash = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
    return { meta, hash: new Uint8Array(hash).toHex() }
  }))
}

Deno.test('a node cannot tell by their bytes what it is asked to be checked', async () => {
  const files = new Set<string>()
  for (const { bytes } of await samplesOf('', 'words')) {
    const hash = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
    files.add(new Uint8Array(hash).toHex())
  }
  assert.ok(files.size > 0)
  const runs = [await questions(3), await questions(3)]
  for (const { meta, hash } of runs.flat()) {
    assert.ok(!files.has(hash), 'it is a file of the repository')
    assert.equal(meta, JSON.stringify({ type: 'image/jpeg' }))
  }
  const [first, second] = runs.map((run) => new Set(run.map(({ hash }) => hash)))
  assert.ok(first!.isDisjointFrom(second!), 'it was asked in another run')
})

Deno.test('a stranger that joins once nobody asks gets no picture of a client', async () => {
  const own = createOwnToken()
  const asked = Promise.withResolvers<void>()
  const stranger: Uint8Array[] = []
  const notes: Behaviour = (batch) => {
    if (batch.message.task !== 'read') stranger.push(...batch.blobs)
    if (stranger.length >= 3) asked.resolve()
    return honest(batch)
  }
  await withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'own', honest, { token: own.token })
      await untilHolds(coordinator, 'own', 4)
      await joinScripted(coordinator, 'early', honest)
      for (let i = 0; i < 20; i++) await (await ask(coordinator)).body?.cancel()
      await joinScripted(coordinator, 'late', notes)
      await asked.promise
    },
    undefined,
    { pipelines: [loaded], trust: await trustOptions([loaded]), isOwn: own.isOwn },
  )
  // The client's are PNG, those made for it JPEG.
  for (const bytes of stranger) assert.deepEqual([...bytes.subarray(0, 2)], [0xff, 0xd8])
})

Deno.test('a secret is known by the nodes that were given it alone', () => {
  const { token, isOwn } = createOwnToken()
  const hello = { type: 'hello', protocol: 1, nodeId: 'a', epoch: 1 } as const
  assert.ok(isOwn({ ...hello, token }))
  assert.ok(!isOwn(hello))
  assert.ok(!isOwn({ ...hello, token: token.slice(1) }))
  assert.ok(!isOwn({ ...hello, token: createOwnToken().token }))
})
