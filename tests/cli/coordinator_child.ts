/** A coordinator that a test can kill: `coordinator_child.ts STAMP PORT` prints where it serves. */
import { buildAssets } from '../../src/cli/serve/build_assets.ts'
import { SMALL } from '../../src/bench/requeue/scene.ts'
import { startServing } from '../../src/cli/serve/serving.ts'

const [stamp = '', port = '0'] = Deno.args
const options = { assets: await buildAssets({ stamp }), port: Number(port), variants: SMALL }
console.log((await startServing(undefined, options)).url)
