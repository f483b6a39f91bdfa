import assert from 'node:assert/strict'
import { createPeers } from '../../src/cli/serve/peers.ts'

const ways = [['127.0.0.1', '127.0.0.1'], ['::1', '::1'], ['::', '127.0.0.1'], [
  '::',
  '::1',
]] as const

for (const [host, from] of ways) {
  Deno.test({
    name: `createPeers() tells who closed a connection to ${host} from ${from}, and nobody else`,
    ignore: Deno.build.os !== 'linux',
    async fn() {
      using listener = Deno.listen({ hostname: host, port: 0 })
      const { port } = listener.addr
      const connect = async () => {
        const [client, server] = await Promise.all([
          Deno.connect({ hostname: from, port }),
          listener.accept(),
        ])
        return { client, server }
      }
      const stays = await connect()
      const leaves = await connect()
      const told: string[] = []
      const peers = createPeers(() => [port])
      const calledOff = peers.watch(leaves.server.remoteAddr, () => told.push('called off'))
      const unwatch = peers.watch(stays.server.remoteAddr, () => told.push('stays'))
      calledOff()
      leaves.client.close()
      await new Promise<void>((left) => {
        const done = peers.watch(leaves.server.remoteAddr, () => {
          done()
          left()
        })
      })
      assert.deepEqual(told, [])
      unwatch()
      await peers.close()
      for (const { server } of [stays, leaves]) server.close()
      stays.client.close()
    },
  })
}
