/** A coordinator that a test can kill: `coordinator_child.ts STAMP PORT` prints where it serves. */
import { buildAssets } from '../../src/cli/build_assets.ts'
import { startServing } from '../../src/cli/serving.ts'

const [stamp = '', port = '0'] = Deno.args
const assets = await buildAssets({ stamp })
console.log((await startServing(undefined, { assets, port: Number(port) })).url)
