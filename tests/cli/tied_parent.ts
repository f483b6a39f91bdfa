/** Starts a node that finds no coordinator, and stays until it is killed: for `tied_test.ts`. @module */
import { spawnNode } from '../../src/cli/serve/spawn_node.ts'

const [url = ''] = Deno.args
console.log(spawnNode(url, 'tied', ['--slots', '1', '--gpu', 'off']).pid)
await new Promise((done) => setTimeout(done, 60_000))
