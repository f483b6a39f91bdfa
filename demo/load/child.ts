/**
 * The load generator as a process of its own, so that those who measure do not hold it up: an order
 * in JSON on stdin; on stdout an empty line when it begins, then what became of each query in JSON,
 * a line each.
 *
 * @module
 */
import { askOverHttp } from './ask.ts'
import type { PackedOrder } from './process.ts'
import { runLoad } from './run.ts'

const { order, bodies: packed } = await new Response(Deno.stdin.readable).json() as PackedOrder
const bodies = packed.map(({ base64, type }) => ({ bytes: Uint8Array.fromBase64(base64), type }))
console.log()
await runLoad(order, {
  ask: (query) => askOverHttp(order, bodies[query % bodies.length]!, query),
  told: (asked) => console.log(JSON.stringify(asked)),
})
Deno.exit(0)
