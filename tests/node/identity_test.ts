/** Who a node is: kept between starts, and shown to each coordinator in a way of its own. */
import { deepEqual, equal, match, notEqual } from 'node:assert/strict'
import { loadIdentity } from '../../src/node/identity.ts'

function storageOf(kept: Record<string, string> = {}) {
  return {
    kept,
    get: (key: string) => Promise.resolve(kept[key]),
    set: (key: string, value: string) => Promise.resolve(void (kept[key] = value)),
  }
}

Deno.test('a node shows a coordinator the same each time, and no other what would pass there', async () => {
  const storage = storageOf()
  const first = await loadIdentity(storage)
  await first.nextEpoch()
  const again = await loadIdentity(storage)
  const [a, b] = ['a.example', 'b.example']
  equal(again.nodeId, first.nodeId)
  const shown = await first.secretFor(a)
  match(shown, /^[\da-f]{64}$/)
  equal(await again.secretFor(a), shown)
  notEqual(await again.secretFor(b), shown)
  equal(await first.secretFor('127.0.0.1'), await first.secretFor('localhost'))
  // Nor does it show what it keeps.
  notEqual(JSON.parse(storage.kept['identity']!).secret, shown)
})

Deno.test('a node that was kept without a secret keeps its id and makes one', async () => {
  const storage = storageOf({ identity: JSON.stringify({ nodeId: 'old', epoch: 7 }) })
  const identity = await loadIdentity(storage)
  deepEqual([identity.nodeId, await identity.nextEpoch()], ['old', 8])
  const { secret } = JSON.parse(storage.kept['identity']!)
  match(secret, /^[\da-f]{64}$/)
  const shown = await identity.secretFor('a.example')
  equal(await (await loadIdentity(storage)).secretFor('a.example'), shown)
})
