/**
 * The node of the benches: one slot on WebAssembly, and nothing measured, unless its options say more.
 * Messages on its standard input have it suffer faults where `--suffers` is given.
 * @module
 */
import { parseArgs } from 'node:util'
import type { BackendWish } from '../node/backend/choice.ts'
import { createDenoHost } from '../node/host_deno.ts'
import { createNode } from '../node/node.ts'
import { codecAssetUrls } from '../cli/serve/codec_assets.ts'
import { nativeEngine } from '../cli/node/native_engine.ts'
import { ROOT } from '../cli/root.ts'
import { endWithStarter } from '../cli/tied.ts'
import { createSuffering } from './requeue/suffering.ts'

/** Of a node that is not watched while it loses its link. */
const USUAL = { gpu: false, retryMs: { first: 200, most: 2000 } }

const { values } = parseArgs({
  options: {
    join: { type: 'string', default: '' },
    name: { type: 'string', default: 'node' },
    backend: { type: 'string', default: 'wasm' },
    /** A number, or `grow`: one at first, and more as the coordinator has it. */
    slots: { type: 'string', default: '1' },
    threads: { type: 'string' },
    cache: { type: 'string', default: 'shoal-models' },
    measure: { type: 'boolean', default: false },
    cold: { type: 'boolean', default: false },
    /** The same node again under the same name, after it has ended. */
    keep: { type: 'boolean', default: false },
    suffers: { type: 'boolean', default: false },
  },
})
const { join: url, name, cache, measure, cold, slots, threads } = values
const native = values.backend === 'native' ? await nativeEngine(() => {}) : undefined
const suffering = values.suffers ? createSuffering() : undefined
const token = Deno.env.get('SHOAL_TOKEN')
const host = createDenoHost({
  ...{ codecs: codecAssetUrls(), cache },
  ...(native === undefined ? {} : { ort: { native: { module: native } } }),
  ...(values.keep ? { keep: { dir: `${ROOT}.shoal/nodes`, name } } : {}),
  ...(suffering === undefined ? {} : { worker: suffering.worker }),
})
const node = createNode({
  ...{ host, url, name, backend: values.backend as BackendWish, measure, cold },
  ...(suffering === undefined ? USUAL : suffering.optionsOf(host)),
  ...(slots === 'grow' ? {} : { slots: Number(slots) }),
  ...(threads === undefined ? {} : { threads: Number(threads) }),
  ...(threads === '1' ? { threadsPerRun: 1 } : {}),
  ...(token === undefined ? {} : { token }),
})
host.onExit((why) => void node.stop(why))
// The process ends with the bench that started it.
if (suffering === undefined) void endWithStarter()
else void suffering.listen().finally(() => Deno.exit(1))
await node.start()
await node.left
Deno.exit(0)
