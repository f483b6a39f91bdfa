/**
 * The load generator as a process of its own, so that those who measure do not hold it up: an order
 * in JSON on stdin, one line; on stdout an empty line when it begins, then what became of each query
 * in JSON, a line each. It ends with its input.
 *
 * @module
 */
import { endWithStarter } from '../../src/cli/tied.ts'
import { askOverHttp } from './ask.ts'
import type { PackedOrder } from './process.ts'
import { runLoad } from './run.ts'

/** Calls before time runs: what this process takes for its first ones would count as the pool's. */
const WARM_UP_CALLS = 50
const WARM_UP_MS = 500

async function warmUp(url: string): Promise<void> {
  for (let i = 0; i < WARM_UP_CALLS; i++) {
    try {
      const signal = AbortSignal.timeout(WARM_UP_MS)
      await (await fetch(`${url}/v2/health/live`, { signal })).text()
    } catch {
      // Whoever does not answer this has nothing to be warm for.
      return
    }
  }
}

/** Its input stays open: what comes after this line is only its end. */
async function firstLine(): Promise<string> {
  const reader = Deno.stdin.readable.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (!text.endsWith('\n')) {
    const { done, value } = await reader.read()
    if (done) Deno.exit(1)
    text += decoder.decode(value, { stream: true })
  }
  reader.releaseLock()
  return text
}

const { order, bodies: packed } = JSON.parse(await firstLine()) as PackedOrder
const bodies = packed.map(({ base64, type }) => ({ bytes: Uint8Array.fromBase64(base64), type }))
void endWithStarter()
await warmUp(order.url)
console.log()
await runLoad(order, {
  ask: (query) => askOverHttp(order, bodies[query % bodies.length]!, query),
  told: (asked) => console.log(JSON.stringify(asked)),
})
Deno.exit(0)
