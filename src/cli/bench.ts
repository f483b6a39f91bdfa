/**
 * `deno task bench [NAME...]`: the benchmarks of speed, as tables and JSON.
 *
 * @module
 */
import './deno_version.ts'
import { parseArgs } from 'node:util'
import { NAMED, runBench, USUAL } from '../bench/benches.ts'
import { DOCUMENTS, ONLY } from '../bench/documents/params.ts'
import { readLiveRun } from '../bench/live/record.ts'
import type { BenchOptions } from '../bench/options.ts'
import { secondsFault } from '../bench/overload/overload.ts'
import { POLICY_NAMES } from '../peers/policies.ts'
import { modelsFault } from './pipelines/models_fault.ts'
import { checkWritable } from './writable.ts'

const USAGE = `deno task bench [NAME...] [options]; all of them, one after another, if none is named
  --json FILE      the figures of all as JSON
of live:
  --pipeline DIR   folder of a pipeline; ocr if absent
  --tabs 0, --nodes 2    browser tabs and Deno processes that join
  --queries 200    queries of each step
  --policy static,shoal  rules to play the same demand to
  --multiples 0.5,1,2    steps, as multiples of what static carries
of others:
  --from FILE      twin and curve: what live --json FILE wrote
  --svg FILE       curve: where it is drawn
  --seconds S      overload (20 if absent), elastic (60), shared (30)
  --starts 10, --busy 0    first: how often, and loops that run beside
  --minutes 1      soak
  --queries 2000, --pipeline DIR    chaos
  --queries 200    streams: how many at once
of documents, which has to be named:
  --pages 600      of the document; from 11 on of all kinds
  --only PART      pool or peers
  --svg FILE       where the memory over time is drawn`

function fail(message: string): never {
  console.error(message)
  Deno.exit(1)
}

const { values, positionals } = parsed()

function parsed() {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: Deno.args,
      options: {
        ...{ json: text, pipeline: text, queries: text, policy: text, from: text },
        ...{ tabs: text, nodes: text, multiples: text, svg: text },
        ...{ seconds: text, minutes: text, help: { type: 'boolean' } },
        ...{ pages: text, only: text },
        ...{ starts: text, busy: text },
      } as const,
      allowPositionals: true,
    })
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`)
  }
}

type Count =
  | 'queries'
  | 'tabs'
  | 'nodes'
  | 'seconds'
  | 'pages'
  | 'starts'
  | 'busy'

function count(name: Count, least: number) {
  const given = values[name]
  if (given === undefined) return undefined
  if (/^\d{1,6}$/.test(given) && Number(given) >= least) return Number(given)
  return fail(`Cannot use --${name}: must be an integer from ${least} to 999999: received ${given}`)
}

function above0(name: 'minutes'): number | undefined {
  const given = values[name]
  if (given === undefined) return undefined
  if (Number(given) > 0 && Number(given) < Infinity) return Number(given)
  return fail(`Cannot use --${name}: must be a number above 0: received ${given}`)
}

function policiesOf(given: string): string[] {
  const names = given.split(',')
  const unknown = names.find((name) => !POLICY_NAMES.some((one) => one === name))
  if (unknown === undefined) return names
  return fail(`Cannot use --policy: must be of ${POLICY_NAMES.join(', ')}: received ${unknown}`)
}

function multiplesOf(given: string): number[] {
  const multiples = given.split(',').map(Number)
  if (multiples.every((one) => one > 0 && one < Infinity)) return multiples
  return fail(`Cannot use --multiples: must be numbers above 0: received ${given}`)
}

function onlyOf(given: string): (typeof ONLY)[number] {
  return ONLY.find((one) => one === given) ??
    fail(`Cannot use --only: must be one of ${ONLY.join(', ')}: received ${given}`)
}

// Read before anything runs: none is refused when those before it have taken half an hour.
const { pipeline, from, svg, json } = values
const [seconds, pages] = [count('seconds', 1), count('pages', 1)]
const given = {
  ...{ pipeline, from, svg, seconds, pages },
  ...{ queries: count('queries', 1), tabs: count('tabs', 0), nodes: count('nodes', 0) },
  ...{ starts: count('starts', 1), busy: count('busy', 0) },
  minutes: above0('minutes'),
  policies: values.policy === undefined ? undefined : policiesOf(values.policy),
  multiples: values.multiples === undefined ? undefined : multiplesOf(values.multiples),
  only: values.only === undefined ? undefined : onlyOf(values.only),
}
const options: BenchOptions = Object.fromEntries(
  Object.entries(given).filter(([, one]) => one !== undefined),
)

/** Options that are not of all. */
const TAKEN: Record<string, readonly string[]> = {
  live: ['pipeline', 'queries', 'policy', 'multiples', 'tabs', 'nodes'],
  shared: ['seconds'],
  twin: ['from'],
  overload: ['seconds'],
  elastic: ['seconds'],
  soak: ['minutes'],
  first: ['starts', 'busy'],
  chaos: ['pipeline', 'queries'],
  curve: ['from', 'svg'],
  streams: ['queries'],
  documents: ['pages', 'only', 'svg'],
}

const all = [...USUAL, ...NAMED]
const there = all.join(', ')
if (values.help) {
  console.log(`${USAGE}\n\nThere are ${there}.`)
  Deno.exit(0)
}
const names = positionals.length > 0 ? positionals : USUAL
await check()
const results: Record<string, unknown> = {}
for (const name of names) {
  console.log(`\n== ${name}`)
  try {
    results[name] = await runBench(name, options)
  } catch (error) {
    fail(error instanceof RangeError ? error.message : modelsFault(error as Error))
  }
  // After each: those before are not lost with one that fails.
  if (json !== undefined) {
    await Deno.writeTextFile(json, JSON.stringify(results, null, 2) + '\n')
  }
}
Deno.exit(0)

async function check(): Promise<void> {
  const unknown = names.find((name) => !all.includes(name))
  if (unknown !== undefined) fail(`Cannot run bench ${unknown}: there are ${there}`)
  for (const option of Object.keys(values).filter((one) => one !== 'json')) {
    if (names.some((name) => TAKEN[name]?.includes(option))) continue
    fail(`Cannot use --${option}: not an option of ${names.join(', ')}`)
  }
  if (names.includes('curve') && (from === undefined || svg === undefined)) {
    fail('Cannot draw: --from and --svg are needed')
  }
  if (names.includes('twin') && from === undefined) fail('Cannot simulate: --from is needed')
  const fault = names.includes('overload') && seconds !== undefined && secondsFault(seconds)
  if (fault) fail(`Cannot use --seconds: ${fault}`)
  if (from !== undefined) await readLiveRun(from).catch((error) => fail(error.message))
  if (pages !== undefined && pages > DOCUMENTS.mostPages) {
    fail(`Cannot use --pages: must be ${DOCUMENTS.mostPages} at most: received ${pages}`)
  }
  for (const file of [json, svg]) {
    if (file !== undefined) await checkWritable(file).catch((error) => fail(error.message))
  }
}
