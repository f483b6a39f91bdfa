/**
 * `deno task node`: one node that joins a coordinator and serves until it is told to stop.
 *
 * @module
 */
import './deno_version.ts'
import { parseArgs } from 'node:util'
import { createDenoHost } from '../node/host_deno.ts'
import { createNode, type NodeOptions } from '../node/node.ts'
import type { NodeEvent } from '../node/state.ts'
import { codecAssetUrls } from './codec_assets.ts'
import { ROOT } from './root.ts'

const USAGE = `deno task node --join URL [options]
  --join URL       the coordinator, as http://HOST:PORT; a join link with #t=TOKEN will do
  --name NAME      what this node is called; keeps its identity between starts
  --backend auto   auto, wasm, webgpu or native
  --threads N      processors to keep busy at most
  --duty 1         share of the time to work, 0.01 to 1
  --token TOKEN    what the coordinator asks for, if it does
  --slots N        workers to run, instead of as many as prove worth it`

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

function readOptions(): Omit<NodeOptions, 'host'> {
  try {
    const { values } = parseArgs({
      args: Deno.args,
      options: {
        join: { type: 'string' },
        name: { type: 'string' },
        backend: { type: 'string', default: 'auto' },
        threads: { type: 'string' },
        duty: { type: 'string', default: '1' },
        token: { type: 'string' },
        slots: { type: 'string' },
        help: { type: 'boolean' },
      },
    })
    if (values.help) {
      console.log(USAGE)
      Deno.exit(0)
    }
    if (values.join === undefined) return fail(`Cannot join: --join URL is missing\n\n${USAGE}`)
    const { url, token } = readJoin(values.join)
    checkBackend(values.backend)
    const name = values.name
    if (name !== undefined && (name.length < 1 || name.length > 64)) {
      fail(`Cannot use --name: must be 1 to 64 characters: received ${name.length}`)
    }
    const duty = Number(values.duty)
    if (!(duty >= 0.01 && duty <= 1)) {
      fail(`Cannot use --duty: must be a number 0.01 to 1: received ${values.duty}`)
    }
    const given = values.token ?? token
    return {
      url,
      duty,
      name: name ?? `deno-${crypto.randomUUID().slice(0, 6)}`,
      ...(given === undefined ? {} : { token: given }),
      ...(values.threads === undefined ? {} : { threads: count('threads', values.threads) }),
      ...(values.slots === undefined ? {} : { slots: count('slots', values.slots) }),
    }
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`)
  }
}

function readJoin(text: string): { url: string; token: string | undefined } {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return fail(`Cannot join ${text}: must be an address as http://HOST:PORT`)
  }
  const token = new URLSearchParams(url.hash.slice(1)).get('t') ?? undefined
  return { url: url.origin, token }
}

function checkBackend(backend: string): void {
  if (backend === 'auto' || backend === 'wasm') return
  if (backend === 'webgpu' || backend === 'native') {
    fail(`Cannot use --backend ${backend}: not available in this build; use auto or wasm`)
  }
  fail(`Cannot use --backend: must be auto, wasm, webgpu or native: received ${backend}`)
}

function count(name: string, text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 256) return Number(text)
  return fail(`Cannot use --${name}: must be an integer 1 to 256: received ${text}`)
}

function cacheDir(): string {
  try {
    return Deno.env.get('SHOAL_CACHE') ?? `${ROOT}.shoal/nodes`
  } catch {
    // Not allowed to look: the usual place.
    return `${ROOT}.shoal/nodes`
  }
}

const kilobytes = (bytes: number) => `${Math.round(bytes / 1024).toLocaleString('en')} kB`

function lineOf(event: NodeEvent): string | undefined {
  switch (event.type) {
    case 'connecting':
      return `joining ${event.url}`
    case 'joined':
      return 'joined'
    case 'progress': {
      if (event.elapsedMs < 1000) return undefined
      const percent = Math.floor(100 * event.done / event.total)
      return `loading ${event.label}: ${percent} % of ${kilobytes(event.total)}`
    }
    case 'ready':
      return `ready: slot ${event.slot} holds ${event.variant} (${Math.round(event.loadMs)} ms)`
    case 'load_failed':
      return `cannot load ${event.variant}: ${event.message}`
    case 'slots':
      return `serving with ${event.slots} slots`
    case 'lost':
      return `link lost (${event.reason}); next try in ${Math.ceil(event.retryMs / 1000)} s`
    case 'restarted':
      return `slot ${event.slot} starts again: ${event.message}`
    case 'warning':
      return `warning: ${event.message}`
    case 'leaving':
      return `leaving (${event.reason})`
    case 'left':
      return 'left'
    default:
      return undefined
  }
}

const options = readOptions()
const named = Deno.args.some((arg) => arg === '--name' || arg.startsWith('--name='))
const host = createDenoHost({
  codecs: codecAssetUrls(),
  // A node that was given no name is a new one each time: two of a machine must not be one.
  ...(named ? { keep: { dir: cacheDir(), name: options.name! } } : {}),
})
const node = createNode({ ...options, host })
node.subscribe((event) => {
  const line = lineOf(event)
  if (line === undefined) return
  const faulty = ['warning', 'load_failed', 'restarted', 'lost'].includes(event.type)
  if (faulty) console.error(line)
  else console.log(line)
})
let asked = false
host.onExit((why) => {
  // Asked twice, someone is in a hurry.
  if (asked) Deno.exit(130)
  asked = true
  void node.stop(why)
})
await node.start()
const refusal = await node.left
if (refusal !== undefined) {
  const remedy = refusal.remedy === undefined ? '' : `. To mend it: ${refusal.remedy}`
  fail(`Cannot join ${options.url}: ${refusal.message}${remedy}`)
}
await node.stop()
Deno.exit(0)
