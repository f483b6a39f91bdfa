import assert from 'node:assert/strict'
import { createKeyring, hashOf, type Role } from '../../src/coordinator/core/keys.ts'
import { joinScripted, withCoordinator } from './fixture.ts'

const keyOf = (role: Role) => ({ name: role, role, sha256: hashOf(role) })

Deno.test('a node that came without a key stays until nodes are asked for one', () => {
  const keyring = createKeyring()
  return withCoordinator(
    async (coordinator) => {
      const node = await joinScripted(coordinator, 'one')
      keyring.replace([keyOf('client')])
      assert.equal(coordinator.pool.nodes().length, 1)
      keyring.replace([keyOf('client'), keyOf('node')])
      assert.equal((await node.got('refuse')).reason, 'unauthorized')
      assert.equal((await node.closed).code, 4401)
      assert.deepEqual(coordinator.pool.nodes(), [])
    },
    undefined,
    { keyring },
  )
})
