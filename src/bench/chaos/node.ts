/**
 * A node as shipped in a process of its own, which measures nothing, and may say what is not true.
 *
 * @module
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createDenoHost } from '../../node/host_deno.ts'
import { createNode } from '../../node/node.ts'
import { openWebSocket } from '../../node/link/transport.ts'
import { codecAssetUrls } from '../../cli/serve/codec_assets.ts'
import { ROOT } from '../../cli/root.ts'
import { endWithStarter } from '../../cli/tied.ts'
import { lying } from './lies.ts'

const { values } = parseArgs({
  args: Deno.args,
  options: {
    join: { type: 'string', default: '' },
    name: { type: 'string', default: 'node' },
    lie: { type: 'string' },
    keep: { type: 'string', default: '' },
  },
})
const token = Deno.env.get('SHOAL_TOKEN')
const node = createNode({
  // Who it is stays over a restart; the models are those of all other nodes.
  host: createDenoHost({
    codecs: codecAssetUrls(),
    cache: 'shoal-models',
    ...(values.keep === ''
      ? {}
      : { keep: { dir: join(ROOT, '.shoal', 'chaos'), name: values.keep } }),
  }),
  ...{ url: values.join, name: values.name, backend: 'wasm', slots: 1, measure: false, gpu: false },
  ...(token === undefined ? {} : { token }),
  ...(values.lie === undefined ? {} : { open: await lying(openWebSocket, values.lie) }),
  retryMs: { first: 200, most: 2000 },
})
Deno.addSignalListener('SIGTERM', () => void node.stop())
void endWithStarter()
await node.start()
await node.left
Deno.exit(0)
