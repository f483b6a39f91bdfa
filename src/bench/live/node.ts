/**
 * A node of `deno task bench live`: one slot, one thread, a backend named; it measures only when
 * told to, so that nothing takes time from what is asked of it.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import type { BackendWish } from '../../node/backend/choice.ts'
import { createDenoHost } from '../../node/host_deno.ts'
import { createNode } from '../../node/node.ts'
import { codecAssetUrls } from '../../cli/serve/codec_assets.ts'
import { nativeEngine } from '../../cli/node/native_engine.ts'
import { ROOT } from '../../cli/root.ts'
import { endWithStarter } from '../../cli/tied.ts'

const { values } = parseArgs({
  args: Deno.args,
  options: {
    join: { type: 'string', default: '' },
    name: { type: 'string', default: 'node' },
    backend: { type: 'string', default: 'wasm' },
    measure: { type: 'boolean', default: false },
    cache: { type: 'string', default: 'shoal-models' },
  },
})
const { join: url, name, measure, cache } = values
const backend = values.backend as BackendWish
const native = backend === 'native' ? await nativeEngine(() => {}) : undefined
const host = createDenoHost({
  codecs: codecAssetUrls(),
  cache,
  ...(native === undefined ? {} : { ort: { native: { module: native } } }),
  keep: { dir: `${ROOT}.shoal/nodes`, name },
})
const node = createNode({
  ...{ host, url, name, backend, measure },
  ...{ slots: 1, threads: 1, threadsPerRun: 1, gpu: false },
})
host.onExit((why) => void node.stop(why))
void endWithStarter()
await node.start()
await node.left
Deno.exit(0)
