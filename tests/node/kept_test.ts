/** What a Deno node keeps between starts, and what it does where nothing can be kept. */
import { deepEqual, equal } from 'node:assert/strict'
import { join } from 'node:path'
import { codecAssetUrls } from '../../src/cli/serve/codec_assets.ts'
import { createDenoHost } from '../../src/node/host_deno.ts'

Deno.test('a node leaves nothing behind that it could not keep', async () => {
  const dir = await Deno.makeTempDir()
  try {
    const { storage } = createDenoHost({ codecs: codecAssetUrls(), keep: { dir, name: 'one' } })
    const names = async () => (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name)
    // In its place is what cannot be replaced: as good as a disk without room.
    await Deno.mkdir(join(dir, 'identity-one.json'))
    await storage.set('identity', 'first')
    deepEqual(await names(), ['identity-one.json'])
    await Deno.remove(join(dir, 'identity-one.json'))
    await storage.set('identity', 'second')
    equal(await storage.get('identity'), 'second')
    deepEqual(await names(), ['identity-one.json'])
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
})
