/** A coordinator that comes back with another model under the same name. */
import { deepEqual, equal } from 'node:assert/strict'
import { A, load, PIPELINE, readModel, servedFrom, SMALL_MODEL, withNode } from './fixture.ts'

/** The same network as another file: what follows is its `doc_string`, a single letter. */
const DOC = [0x32, 1, 0x78]

Deno.test('node offers no figures of one model for another that comes under its name', async () => {
  const model = await readModel(SMALL_MODEL)
  const next = await servedFrom(PIPELINE, { m: new Uint8Array([...model, ...DOC]) })
  const [hash] = next.files.keys()
  await withNode({ measure: true }, async ({ peer, node, coordinator }) => {
    await load(peer, A)
    await peer.take('report', ({ profile }) => profile !== undefined)
    coordinator.answerModel = (asked) => new Response(next.files.get(asked) ?? '')
    coordinator.greet = (peer) =>
      peer.send({
        ...{ type: 'welcome', protocol: 1, modelPath: '/models/', heartbeatMs: 0 },
        ...{ pipelines: next.pipelines as never[], models: next.models },
      })
    peer.close()
    const second = await coordinator.nextPeer()
    second.send({ type: 'ping', n: 1 })
    await second.take('pong')
    equal(second.received.some(({ message }) => 'profile' in message), false)
    deepEqual(node.state.ready, [], 'and no longer holds it')
    await load(second, A)
    equal(coordinator.downloads.get(hash!), 1)
    await second.take('report', ({ profile }) => profile?.[0]?.variant === 'a')
  })
})
