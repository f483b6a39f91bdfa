/** A node of one slot that tells the lie that it is named after. For `lying_test.ts`. @module */
import { parseArgs } from 'node:util'
import { codecAssetUrls } from '../../src/cli/serve/codec_assets.ts'
import { endWithStarter } from '../../src/cli/tied.ts'
import { createDenoHost } from '../../src/node/host_deno.ts'
import { openWebSocket } from '../../src/node/link/transport.ts'
import { createNode } from '../../src/node/node.ts'
import { lying } from './lies.ts'

const { values: { join: url, name } } = parseArgs({
  options: { join: { type: 'string', default: '' }, name: { type: 'string', default: '' } },
})
const host = createDenoHost({ codecs: codecAssetUrls(), cache: 'shoal-models' })
const node = createNode({
  ...{ host, url, name, backend: 'wasm', gpu: false, slots: 1, measure: false },
  open: await lying(openWebSocket, name),
})
host.onExit((why) => void node.stop(why))
void endWithStarter()
await node.start()
await node.left
Deno.exit(0)
