/** The auditor on a link of its own, and who has how many votes, over real sockets. */
import assert from 'node:assert/strict'
import { groupOf } from '../../src/coordinator/http/access/caller.ts'
import { createKeyring, hashOf, type Key, makeKey } from '../../src/coordinator/core/keys.ts'
import { createVoters } from '../../src/coordinator/http/access/voter.ts'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import { createOwnToken, trustOptions } from '../../src/cli/serve/trust.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/mod.ts'
import { createRandom } from '../../src/sim/random.ts'
import {
  ask,
  type Behaviour,
  honest,
  joinScripted,
  openLink,
  pipeline,
  untilHolds,
  withCoordinator,
} from './fixture.ts'

const loaded = { dir: '', pipeline, models: {} }

/** Reads the same everywhere, whatever stands there. */
const reading = (text: string): Behaviour => (batch) =>
  batch.message.task === 'read'
    ? {
      items: batch.message.items.map(() => ({ ok: true as const, fields: { text }, children: {} })),
    }
    : honest(batch)
const truthful = reading('true')
const lying = reading('what we agreed on')

const auditorToken = makeKey('node')
const own = { name: 'auditor', role: 'node', sha256: hashOf(auditorToken), own: true } as const
const keysOf = (...tokens: string[]) =>
  createKeyring([
    own,
    ...tokens.map((token, i): Key => ({ name: `${i}`, role: 'node', sha256: hashOf(token) })),
  ])

async function withTrust(
  test: (coordinator: Coordinator) => Promise<void>,
  options: Partial<Parameters<typeof withCoordinator>[2]> = {},
) {
  // Without samples, so that nothing is known before the first query.
  const trust = { ...await trustOptions([loaded], createRandom(1)), samples: {} }
  await withCoordinator(test, undefined, {
    ...{ pipelines: [loaded], trust, isAuditor: createOwnToken(auditorToken).isOwn },
    ...{ keyring: keysOf(), ...options },
  })
}

/** As with `--audit off`. */
const WITHOUT = { isAuditor: undefined }

const joinAuditor = (coordinator: Coordinator, behave: Behaviour = truthful) =>
  joinScripted(coordinator, 'auditor', behave, { token: auditorToken })

const find = ({ pool }: Coordinator, id: string) => pool.nodes().find((node) => node.id === id)!

async function textsOf(response: Response): Promise<string[] | undefined> {
  const { outputs } = await response.json()
  return outputs?.words.map(({ text }: { text: string }) => text)
}

Deno.test('three sockets that agree on a lie do not outvote the auditor', () =>
  withTrust(async (coordinator) => {
    await joinAuditor(coordinator)
    const liars = ['liar-1', 'liar-2', 'liar-3']
    for (const id of liars) await joinScripted(coordinator, id, lying)
    await joinScripted(coordinator, 'honest', truthful)
    for (const id of [...liars, 'honest']) await untilHolds(coordinator, id, 4)
    const isSettled = () =>
      liars.every((id) => find(coordinator, id).state === 'quarantined') &&
      find(coordinator, 'honest').trust > 0
    while (!isSettled()) {
      assert.deepEqual(await textsOf(await ask(coordinator)), ['true', 'true'])
    }
    // Of one of them a batch may have failed last.
    const reasons = liars.map((id) => find(coordinator, id).trustReason ?? '')
    assert.ok(reasons.some((one) => /an own node|known/.test(one)), reasons.join('; '))
    const { extra } = await (await fetch(`${coordinator.url}/v1/stats`)).json()
    assert.ok(extra.audits > 0)
  }))

Deno.test('what the auditor said in place of a lie is told to be its own', () =>
  withTrust(async (coordinator) => {
    await joinAuditor(coordinator)
    await joinScripted(coordinator, 'liar', lying)
    await untilHolds(coordinator, 'liar', 4)
    const { outputs, stages } = await (await ask(coordinator)).json()
    assert.deepEqual(outputs.words.map(({ text }: { text: string }) => text), ['true', 'true'])
    const nodesOf = (task: string) =>
      stages.flatMap((one: { task: string; node: string }) => one.task === task ? [one.node] : [])
    assert.deepEqual([...new Set(nodesOf('find'))], ['liar'])
    assert.deepEqual([...new Set(nodesOf('read'))], ['auditor'])
  }))

Deno.test('without an auditor sockets of one address prove nothing, however many agree', () =>
  withTrust(async (coordinator) => {
    const ids = ['liar-1', 'liar-2', 'liar-3', 'honest']
    for (const id of ids) {
      await joinScripted(coordinator, id, id === 'honest' ? truthful : lying)
      await untilHolds(coordinator, id, 4)
    }
    for (let i = 0; i < 40; i++) assert.equal((await ask(coordinator)).status, 200)
    for (const id of ids) {
      const { trust, trustReason, state } = find(coordinator, id)
      assert.deepEqual([trust, trustReason], [0, 'new'], id)
      assert.notEqual(state, 'quarantined')
    }
  }, WITHOUT))

Deno.test('volunteers with keys of their own have a vote each, behind one address, too', async () => {
  const tokens = [1, 2, 3].map(() => makeKey('node'))
  await withTrust(async (coordinator) => {
    for (const [i, token] of tokens.entries()) {
      await joinScripted(coordinator, `n${i}`, truthful, { token })
      await untilHolds(coordinator, `n${i}`, 4)
    }
    while (coordinator.pool.nodes().some(({ trust }) => trust === 0)) {
      assert.deepEqual(await textsOf(await ask(coordinator)), ['true', 'true'])
    }
  }, { keyring: keysOf(...tokens), ...WITHOUT })
})

Deno.test('the auditor is no node: it makes nothing ready, is in no list, and gets no query', () =>
  withTrust(async (coordinator) => {
    const auditor = await joinAuditor(coordinator)
    const { url, pool } = coordinator
    const json = async (path: string) => (await fetch(`${url}${path}`)).json()
    assert.deepEqual((await json('/v1/nodes')).nodes, [])
    assert.deepEqual((await json('/v1/stats')).nodes, {})
    assert.equal((await json('/v1/plan')).awake, 0)
    assert.equal(pool.ready(), false)
    assert.equal((await ask(coordinator)).status, 503)
    const metrics = await (await fetch(`${url}/metrics`)).text()
    assert.doesNotMatch(metrics, /shoal_nodes{[^}]*} [1-9]/)
    assert.deepEqual(auditor.messages.filter(({ type }) => type === 'load'), [])
    await joinScripted(coordinator, 'stranger', truthful)
    await untilHolds(coordinator, 'stranger', 4)
    assert.deepEqual(await textsOf(await ask(coordinator)), ['true', 'true'])
    assert.deepEqual((await json('/v1/nodes')).nodes.map(({ id }: { id: string }) => id), [
      'stranger',
    ])
    const { slot } = await auditor.got('batch')
    assert.equal(slot, 0)
  }))

Deno.test('who has to be judged is told of, and only that', async () => {
  const token = makeKey('node')
  const { isOwn } = createOwnToken(token)
  let strangers = 0
  await withTrust(async (coordinator) => {
    await joinAuditor(coordinator)
    await joinScripted(coordinator, 'own', truthful, { token })
    assert.equal(strangers, 0)
    await joinScripted(coordinator, 'stranger', truthful)
    assert.equal(strangers, 1)
  }, { isOwn, strangerJoined: () => strangers++ })
})

Deno.test('nobody takes the place of the auditor by its id', () =>
  withTrust(async (coordinator) => {
    const auditor = await joinAuditor(coordinator)
    const thief = await openLink(coordinator, lying)
    const hello = { nodeId: 'auditor', epoch: 9, protocol: PROTOCOL_VERSION }
    thief.send({ type: 'hello', ...hello })
    assert.equal((await thief.closed).code, 1013)
    const stranger = await joinScripted(coordinator, 'stranger', lying)
    await untilHolds(coordinator, 'stranger', 4)
    assert.deepEqual(await textsOf(await ask(coordinator)), ['true', 'true'])
    assert.equal(auditor.socket.readyState, WebSocket.OPEN)
    await stranger.leave()
  }))

Deno.test('the auditor judges a version of a pipeline that came while it was there', () =>
  withTrust(async (coordinator) => {
    const auditor = await joinAuditor(coordinator)
    await joinScripted(coordinator, 'liar', lying)
    await untilHolds(coordinator, 'liar', 4)
    const [old] = coordinator.pool.versions.current()
    const next = { ...pipeline, name: 'words~2' }
    await coordinator.pool.renew({ pipeline: next, models: {} }, old!)
    assert.deepEqual(await textsOf(await ask(coordinator)), ['true', 'true'])
    await auditor.got('batch', ({ pipeline }) => pipeline === 'words~2')
  }))

Deno.test('a voter is a key where there are several, else an address', () => {
  const key = (token: string): Key => ({ name: 'n', role: 'node', sha256: hashOf(token) })
  const from = (address: string) => ({ address: groupOf(address), local: false })
  const ofOne = createVoters(keysOf('shared'), ['192.0.2.7', '[2001:db8:1::5]'])
  const [shared, a, b] = [key('shared'), key('a'), key('b')]
  const isSame = (voters: string[]) => new Set(voters).size === 1
  // One key that all share says nothing.
  assert.ok(!isSame([ofOne(from('198.51.100.1'), shared), ofOne(from('198.51.100.2'), shared)]))
  assert.ok(isSame([ofOne(from('198.51.100.1'), shared), ofOne(from('198.51.100.1'), null)]))
  const of64 = ['2001:db8:2::1', '2001:db8:2:0:9::2'].map((one) => ofOne(from(one), null))
  assert.ok(isSame(of64))
  assert.ok(!isSame([of64[0]!, ofOne(from('2001:db8:2:1::1'), null)]))
  // This machine, by whichever of its addresses.
  const here = ['127.0.0.1', '127.0.0.2', '::1', '::ffff:127.0.0.1', '192.0.2.7', '2001:db8:1::5']
  assert.ok(isSame(here.map((one) => ofOne(from(one), null))))
  const ofMore = createVoters(keysOf('a', 'b'), [])
  assert.ok(isSame([ofMore(from('198.51.100.1'), a), ofMore(from('198.51.100.2'), a)]))
  assert.ok(!isSame([ofMore(from('198.51.100.1'), a), ofMore(from('198.51.100.1'), b)]))
})

Deno.test('before the auditor is there nothing of strangers is answered, but to who asks for that', () =>
  withTrust(async (coordinator) => {
    for (const id of ['liar-1', 'liar-2']) {
      await joinScripted(coordinator, id, lying)
      await untilHolds(coordinator, id, 4)
    }
    const refused = await ask(coordinator)
    assert.equal(refused.status, 503)
    assert.ok(Number(refused.headers.get('retry-after')) > 0)
    await refused.body?.cancel()
    const taken = await (await ask(coordinator, { 'x-unverified': 'accept' })).json()
    assert.deepEqual(taken.outputs.words.map(({ text }: { text: string }) => text), [
      ...['what we agreed on', 'what we agreed on'],
    ])
    assert.equal(taken.verified, false)
    await joinAuditor(coordinator)
    const { outputs, verified } = await (await ask(coordinator)).json()
    assert.deepEqual(outputs.words.map(({ text }: { text: string }) => text), ['true', 'true'])
    assert.equal(verified, true)
    const wrong = await ask(coordinator, { 'x-unverified': 'yes' })
    assert.equal(wrong.status, 400)
    assert.match(await wrong.text(), /x-unverified: must be accept/)
  }))

Deno.test('a flood of queries brings out no lie, and who is refused is told when to come again', () =>
  withTrust(async (coordinator) => {
    await joinAuditor(coordinator)
    const liars = ['liar-1', 'liar-2', 'liar-3']
    for (const id of liars) {
      await joinScripted(coordinator, id, lying)
      await untilHolds(coordinator, id, 4)
    }
    await joinScripted(coordinator, 'honest', truthful)
    await untilHolds(coordinator, 'honest', 4)
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => ask(coordinator, { 'x-request-timeout-ms': '2000' })),
    )
    const ended: { [status: number]: number } = {}
    for (const answer of answers) {
      ended[answer.status] = (ended[answer.status] ?? 0) + 1
      if (answer.status === 503) assert.ok(answer.headers.has('retry-after'))
      if (answer.status === 200) assert.deepEqual(await textsOf(answer), ['true', 'true'])
      else await answer.body?.cancel()
    }
    assert.ok(ended[200]! > 0, JSON.stringify(ended))
  }))
