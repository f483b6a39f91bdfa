/** A node's id is its own: nobody else comes in by it, now or after a restart. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { startCoordinator } from '../../src/cli/serve/coordinator.ts'
import { readStore } from '../../src/cli/serve/store.ts'
import { createIdentities } from '../../src/coordinator/nodes/identities.ts'
import { openDatabase } from '../../src/coordinator/store/database.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/mod.ts'
import { joinScripted, openLink, pipeline, withCoordinator } from './fixture.ts'

const [MINE, OTHER] = ['mine', 'other'].map((of) => of.repeat(10).padEnd(64, '0'))
const idsOf = (pool: { nodes(): { id: string }[] }) => pool.nodes().map(({ id }) => id)

Deno.test('nobody takes the place of a node whose secret they do not know', () =>
  withCoordinator(async (coordinator) => {
    const { pool } = coordinator
    const node = await joinScripted(coordinator, 'one', undefined, { epoch: 5, secret: MINE })
    // Of a version that had no secrets, or a thief with the same token.
    const without = await openLink(coordinator)
    without.send({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'one', epoch: 9 })
    assert.equal((await without.got('refuse')).reason, 'replaced')
    assert.equal((await without.closed).code, 4409)
    assert.deepEqual(idsOf(pool), ['one'])
    // With a secret of its own it is another node, the same each time.
    const thief = { epoch: 9, secret: OTHER }
    const second = await joinScripted(coordinator, 'one', undefined, thief)
    const [, other = ''] = idsOf(pool)
    assert.match(other, /^[\da-f]{32}$/)
    await second.leave()
    while (pool.node(other) !== undefined) await new Promise((done) => setTimeout(done, 1))
    const third = await joinScripted(coordinator, 'one', undefined, { ...thief, epoch: 10 })
    assert.deepEqual(idsOf(pool), ['one', other])
    assert.equal(node.socket.readyState, WebSocket.OPEN)
    // Whoever knows the secret comes again, and its older link goes.
    const again = await joinScripted(coordinator, 'one', undefined, { epoch: 6, secret: MINE })
    assert.equal((await node.closed).code, 4409)
    assert.deepEqual(idsOf(pool).sort(), [other, 'one'].sort())
    await Promise.all([third.leave(), again.leave()])
  }))

Deno.test('a node without a secret keeps its id, until it comes with one', () =>
  withCoordinator(async (coordinator) => {
    const old = await joinScripted(coordinator, 'one', undefined, { epoch: 1 })
    const again = await joinScripted(coordinator, 'one', undefined, { epoch: 2 })
    await old.closed
    const updated = await joinScripted(coordinator, 'one', undefined, { epoch: 3, secret: MINE })
    assert.equal((await again.closed).code, 4409)
    assert.deepEqual(idsOf(coordinator.pool), ['one'])
    await updated.leave()
  }))

Deno.test("an id is its node's after a restart, and no file holds its secret", async () => {
  const dir = await Deno.makeTempDir()
  const store = join(dir, 'store.sqlite')
  const start = () =>
    startCoordinator({ pipelines: [{ dir: '', pipeline, models: {} }], port: 0, store })
  do {
    const before = start()
    const node = await joinScripted(before, 'one', undefined, { secret: MINE })
    await before.close(1000)
    await node.closed
    // Where a machine is busy, an end does not wait for what is to be kept.
  } while (readStore(store, () => {})?.secrets === undefined)
  const after = start()
  const thief = await joinScripted(after, 'one', undefined, { secret: OTHER })
  assert.ok(!idsOf(after.pool).includes('one'))
  const again = await joinScripted(after, 'one', undefined, { secret: MINE })
  assert.ok(idsOf(after.pool).includes('one'))
  await after.close(1000)
  await Promise.all([thief.closed, again.closed])
  for await (const { name } of Deno.readDir(dir)) {
    const bytes = await Deno.readFile(join(dir, name))
    assert.ok(!new TextDecoder('latin1').decode(bytes).includes(MINE!), name)
  }
  await Deno.remove(dir, { recursive: true })
})

Deno.test('secrets are kept of nodes that joined last, and of those that more is known of', async () => {
  const dir = await Deno.makeTempDir()
  const path = join(dir, 'store.sqlite')
  const hash = 'a'.repeat(64)
  const none = { fanOuts: [], reputations: [] }
  const database = openDatabase(path)
  database.save({
    ...none,
    profiles: [['known', { models: [], networkMs: [] }]],
    secrets: [['known', hash], ['first', hash]],
  })
  const many = Array.from({ length: 2000 }, (_, i): [string, string] => [`n${i}`, hash])
  database.save({ ...none, profiles: [], secrets: many })
  const { secrets = [] } = database.load()
  database.close()
  const ids = secrets.map(([id]) => id)
  assert.deepEqual([ids.length, ids[0], ids.includes('first')], [2001, 'known', false])
  await Deno.remove(dir, { recursive: true })
})

Deno.test('claim() forgets those that joined longest ago, and tells each change once', () => {
  const identities = createIdentities([['one', 'a'.repeat(64)]], 3)
  const refused: string[] = []
  const link = { refuse: (_: number, { reason }: { reason: string }) => void refused.push(reason) }
  const claim = (nodeId: string, secret?: string) =>
    identities.claim(link, {
      ...{ type: 'hello', protocol: PROTOCOL_VERSION, nodeId, epoch: 1 },
      ...(secret === undefined ? {} : { secret }),
    })?.nodeId
  assert.deepEqual([claim('one'), refused], [undefined, ['replaced']])
  assert.deepEqual([claim('two'), identities.news()], ['two', []])
  assert.equal(claim('two', MINE), 'two')
  assert.deepEqual(identities.news().map(([id]) => id), ['two'])
  assert.deepEqual(identities.news(), [])
  for (const id of ['three', 'four', 'two', 'five']) claim(id, MINE)
  assert.equal(claim('one'), 'one')
  assert.deepEqual(identities.news().map(([id]) => id), ['four', 'two', 'five'])
})
