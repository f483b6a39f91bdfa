/** Has a load generator ask for a long time, and stays until it is killed: for `tied_test.ts`. @module */
import { startChild } from '../../src/bench/child.ts'

const [url = ''] = Deno.args
const load = await startChild('./overload/overload_load.ts')
console.log(load.pid)
await load.ask({ url, seed: 1, forMs: 600_000, ratePerS: 10 })
