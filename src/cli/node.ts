/**
 * `deno task node`: one node that joins a coordinator and serves until it is told to stop.
 *
 * @module
 */
import './deno_version.ts'
import { join } from 'node:path'
import { createDenoHost } from '../node/host_deno.ts'
import { createNode } from '../node/node.ts'
import { createEnding } from './ending.ts'
import { codecAssetUrls } from './serve/codec_assets.ts'
import { fail, readNodeArgs } from './node/args.ts'
import { keptName } from './node/kept_name.ts'
import { lineOf } from './node/lines.ts'
import { nativeEngine } from './node/native_engine.ts'
import { COMMAND, HOME } from './root.ts'
import { endWithStarter, isTied } from './tied.ts'
import { variable } from './variable.ts'

const USAGE = `${COMMAND} node --join URL [options]
  --join URL       the coordinator, as http://HOST:PORT; a join link with #t=TOKEN will do; also
                   SHOAL_JOIN
  --name NAME      what this node is called; keeps its identity between starts
  --backend auto   auto, wasm, webgpu or native
  --gpu on         whether auto may use the GPU: on or off
  --threads N      processors to keep busy at most; with native also the threads of one run
  --duty 1         share of the time to work, 0.01 to 1
  --memory MB      memory to take at most; half of what is free at the start if absent
  --disk MB        disk for models at most; 1000 if absent
  --downloads all  all models, or least: only the smallest of each task
  --cold           download nothing until the pool needs this node
  --code           run programs that pipelines bring, too, with all that this process may do
  --watts 20,80    what the device takes at rest and busy: for energy, and for who may rest
  --token TOKEN    what the coordinator asks for, if it does; also SHOAL_TOKEN
  --slots N        workers to run, instead of as many as prove worth it
  --first-slots 1  workers to begin with, until that is measured`

function readJoin(text: string, given?: string): { url: string; token?: string } {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return fail(`Cannot join ${text}: must be an address as http://HOST:PORT`)
  }
  if (!['/', '/node', '/node.js'].includes(url.pathname)) {
    return fail(`Cannot join ${text}: nodes ask from the root of the host, as http://HOST:PORT`)
  }
  const linked = new URLSearchParams(url.hash.slice(1)).get('t')
  const token = given ?? linked ?? (variable('SHOAL_TOKEN') || undefined)
  return { url: url.origin, ...(token === undefined ? {} : { token }) }
}

void endWithStarter()
const { join: joinsHere, named, ...args } = readNodeArgs(Deno.args, () => USAGE)
const joins = joinsHere ?? (variable('SHOAL_JOIN') || undefined)
if (joins === undefined) fail(`Cannot join: --join URL is missing\n\n${USAGE}`)
const options = {
  ...args,
  ...readJoin(joins, args.token),
  // Elsewhere several slots of one thread each do better.
  ...(args.backend === 'native' && args.threads !== undefined
    ? { threadsPerRun: args.threads }
    : {}),
}
const native = options.backend === 'native'
  ? await nativeEngine((line) => console.log(line)).catch((error) => fail(error.message))
  : undefined
const host = createDenoHost({
  codecs: codecAssetUrls(),
  ...(native === undefined ? {} : { ort: { native: { module: native } } }),
  // A node that was given no name is a new one each time: two of a machine must not be one.
  ...(named
    ? {
      keep: {
        dir: variable('SHOAL_CACHE') || join(HOME, 'nodes'),
        name: keptName(options.name!),
      },
    }
    : {}),
})
const node = createNode({ ...options, host })
node.subscribe((event) => {
  const line = lineOf(event)
  if (line !== undefined) (line.faulty ? console.error : console.log)(line.text)
})
const end = createEnding((why: string) => void node.stop(why))
host.onExit((why) => {
  // A terminal tells all processes of a command: who started this one ends it when nothing is left
  // inside that it could do.
  if (why !== 'SIGINT' || !isTied()) end(why)
})
await node.start().catch((error) => fail(error.message))
const refusal = await node.left
if (refusal !== undefined) {
  const remedy = refusal.remedy === undefined ? '' : `. What to do: ${refusal.remedy}`
  fail(`Cannot join ${options.url}: ${refusal.message}${remedy}`)
}
await node.stop()
Deno.exit(0)
