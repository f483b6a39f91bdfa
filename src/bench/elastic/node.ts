/**
 * A node of `deno task bench elastic`: it measures nothing by itself, so that all that its process takes
 * is for queries.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { createDenoHost } from '../../node/host_deno.ts'
import { createNode } from '../../node/node.ts'
import { codecAssetUrls } from '../../cli/serve/codec_assets.ts'
import { endWithStarter } from '../../cli/tied.ts'

const { values } = parseArgs({
  args: Deno.args,
  options: {
    join: { type: 'string', default: '' },
    name: { type: 'string', default: 'node' },
    cache: { type: 'string', default: 'shoal-models' },
    /** Absent: one to begin with, and two processors to have more on. */
    slots: { type: 'string' },
    cold: { type: 'boolean', default: false },
  },
})
const { join: url, name, cache, slots, cold } = values
const node = createNode({
  ...{ host: createDenoHost({ codecs: codecAssetUrls(), cache }), url, name, cold },
  ...{ backend: 'wasm', measure: false, gpu: false, threads: 2 },
  ...(slots === undefined ? {} : { slots: Number(slots) }),
})
void endWithStarter()
await node.start()
await node.left
Deno.exit(0)
