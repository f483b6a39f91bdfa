/**
 * `deno task load`: asks a coordinator at a rate, or after a trace, and says what became of it.
 *
 * @module
 */
import '../../src/cli/deno_version.ts'
import { join } from 'node:path'
import { createClient } from '../../src/client/client.ts'
import { ROOT } from '../../src/cli/root.ts'
import { durationS } from '../../src/sim/arrivals.ts'
import { askOverHttp } from './ask.ts'
import { type LoadArgs, readLoadArgs, USAGE } from './args.ts'
import { bodiesOfFiles, bodiesOfSet } from './bodies.ts'
import { linesOf } from './lines.ts'
import { runLoad } from './run.ts'
import { tally } from './tally.ts'
import type { Asked, Body, LoadOrder } from './types.ts'

/** Of the labelled set. */
const BODIES = 16
const TELL_EVERY_MS = 5000

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

async function served(url: string, wanted?: string, key?: string) {
  const all = await createClient(url, key === undefined ? {} : { key }).getPipelines()
    .catch((error) => fail(`Cannot ask ${url}: ${error.message}`))
  const names = all.map(({ name }) => name)
  const found = all.find(({ name }) => wanted === undefined ? all.length === 1 : name === wanted)
  if (found !== undefined) return found
  const why = wanted === undefined ? '--pipeline is missing' : `${wanted} is not served`
  return fail(`Cannot ask ${url}: ${why}; there are ${names.join(', ')}`)
}

async function bodiesFor(pipeline: string, files: readonly string[]): Promise<Body[]> {
  const bodies = files.length > 0
    ? await bodiesOfFiles(files)
    : await bodiesOfSet(join(ROOT, 'profiles', pipeline), BODIES)
  if (bodies.length > 0) return bodies
  throw new Error(`Cannot ask: there is no labelled set of ${pipeline} here; name a --body FILE`)
}

/** SIGINT ends the sending, twice the process. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  Deno.addSignalListener('SIGINT', () => {
    if (controller.signal.aborted) Deno.exit(130)
    controller.abort()
  })
  return controller.signal
}

async function main(args: LoadArgs) {
  const { url, trace, arrivals, seed, atOnce, seconds, timeoutMs, minAccuracy, key } = args
  const { name, sloMs } = await served(url, args.pipeline, key)
  const bodies = await bodiesFor(name, args.bodies).catch((error) => fail(error.message))
  const order: LoadOrder = {
    url,
    pipeline: name,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(minAccuracy === undefined ? {} : { minAccuracy }),
    ...(key === undefined ? {} : { key }),
    ...(trace === undefined ? { atOnce: atOnce!, seconds } : { trace, arrivals, seed }),
  }
  const lengthS = trace === undefined ? seconds : durationS(trace)
  const all: Asked[] = []
  const startMs = performance.now()
  const timer = setInterval(() => {
    const passedS = (performance.now() - startMs) / 1000
    const good = all.filter(({ status }) => status === 200).length
    console.error(
      `${passedS.toFixed(0)} of ${lengthS} s: ${all.length} answered, ${good} with a result`,
    )
  }, TELL_EVERY_MS)
  await runLoad(order, {
    ask: (query) => askOverHttp(order, bodies[query % bodies.length]!, query),
    told: (asked) => all.push(asked),
    signal: interruption(),
  }).finally(() => clearInterval(timer))
  const deadlineMs = timeoutMs ?? sloMs
  const result = {
    schema: 'shoal-load/1',
    url,
    pipeline: name,
    deadlineMs,
    ...(trace === undefined ? { atOnce } : { arrivals, seed, demand: trace }),
    ...tally(all, deadlineMs),
  }
  if (args.each !== undefined) {
    const lines = all.sort((a, b) => a.query - b.query).map((one) => JSON.stringify(one) + '\n')
    await Deno.writeTextFile(args.each, lines.join(''))
  }
  const json = JSON.stringify(result, null, 2)
  if (args.json === '-') return console.log(json)
  if (args.json !== undefined) await Deno.writeTextFile(args.json, json + '\n')
  for (const line of linesOf(result)) console.log(line)
}

const args = await readLoadArgs(Deno.args).catch((error) => fail(`${error.message}\n\n${USAGE}`))
if (args === undefined) console.log(USAGE)
else await main(args)
Deno.exit(0)
