/**
 * The command line of `deno task load`.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { checkWritable } from '../../src/cli/writable.ts'
import { parseDemand, readTrace, scaled } from './demand.ts'
import type { Arrivals } from './types.ts'
import type { Trace } from '../../src/sim/scenario_schema.ts'
import { COMMAND } from '../../src/cli/root.ts'

export const USAGE = `${COMMAND} load --url URL [options]
  --url URL           the coordinator; http://localhost:8787 if absent
  --pipeline NAME     what to ask of it; may be left out where it serves one
  --rate 10           queries a second, for
  --seconds 30        so long; or, in place of both,
  --demand SHAPE      parts with commas between: 20x10 is 20 a second for 10 s, 20..100x30 a slope,
                      160x2 a burst
  --trace FILE        one rate a line, of a second each; or JSON {"binSeconds", "rates"}; or a scenario
  --scale X           demand times X
  --arrivals poisson  at random moments, or even
  --seed 1            same seed, same moments
  --at-once N         closed loop, for --seconds: N clients, each with one query under way
  --timeout MS        deadline to ask for; the pipeline's own if absent
  --min-accuracy X    least accuracy to ask for, 0..1
  --body FILE         what to ask with (.jpg, .png, .webp, .json); may be repeated, sent in turn; from
                      the labelled set of the pipeline in profiles/ if absent
  --key KEY           where the coordinator asks for one
  --json FILE         the result as JSON; - writes it, and nothing else, to stdout
  --each FILE         a line of JSON for each query`

export interface LoadArgs {
  url: string
  pipeline?: string
  /** Absent in a closed loop. */
  trace?: Trace
  arrivals: Arrivals
  seed: number
  atOnce?: number
  seconds: number
  timeoutMs?: number
  minAccuracy?: number
  bodies: string[]
  key?: string
  json?: string
  each?: string
}

const text = { type: 'string' } as const
const FLAGS = {
  url: text,
  pipeline: text,
  rate: text,
  seconds: text,
  demand: text,
  trace: text,
  scale: text,
  arrivals: text,
  seed: text,
  'at-once': text,
  timeout: text,
  'min-accuracy': text,
  json: text,
  each: text,
  key: text,
  body: { type: 'string', multiple: true },
  help: { type: 'boolean' },
} as const

/** @throws Error with what was wrong; nothing where only help was asked for */
export async function readLoadArgs(args: string[]): Promise<LoadArgs | undefined> {
  const { values } = parseArgs({ args, options: FLAGS })
  if (values.help) return undefined

  function number(name: keyof typeof values, from: number, to: number): number | undefined {
    const given = values[name]
    if (given === undefined) return undefined
    const value = Number(given)
    if (String(given).trim() !== '' && value >= from && value <= to) return value
    throw new RangeError(`Cannot use --${name}: must be ${from} to ${to}: received ${given}`)
  }

  function whole(name: keyof typeof values, from: number, to: number): number | undefined {
    const value = number(name, from, to)
    if (value === undefined || Number.isInteger(value)) return value
    throw new RangeError(`Cannot use --${name}: must be an integer: received ${values[name]}`)
  }

  const { arrivals = 'poisson', demand, trace: file } = values
  if (arrivals !== 'poisson' && arrivals !== 'even') {
    throw new RangeError(`Cannot use --arrivals: must be poisson or even: received ${arrivals}`)
  }
  const url = URL.parse(values.url ?? 'http://localhost:8787')
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new RangeError(`Cannot use --url: must be as http://HOST:PORT: received ${values.url}`)
  }
  const rate = number('rate', 0, 100_000)
  const atOnce = whole('at-once', 1, 10_000)
  const ways = [demand, file, rate, atOnce].filter((way) => way !== undefined)
  if (ways.length > 1) {
    throw new RangeError('Cannot use more than one of --rate, --demand, --trace and --at-once')
  }
  const seconds = number('seconds', 0.1, 100_000) ?? 30
  const trace = demand !== undefined
    ? parseDemand(demand)
    : file !== undefined
    ? await readTrace(file)
    : { binSeconds: seconds, rates: [rate ?? 10] }
  const timeoutMs = whole('timeout', 1, 600_000)
  const minAccuracy = number('min-accuracy', 0, 1)
  const { json, each } = values
  for (const file of [json, each]) {
    if (file !== undefined && file !== '-') await checkWritable(file)
  }
  return {
    // Below a path, as the client asks.
    url: url.origin + url.pathname.replace(/\/$/, ''),
    seconds,
    arrivals,
    seed: number('seed', 0, 2 ** 32) ?? 1,
    bodies: values.body ?? [],
    ...(values.pipeline === undefined ? {} : { pipeline: values.pipeline }),
    ...(atOnce === undefined ? { trace: scaled(trace, number('scale', 0, 1e6) ?? 1) } : { atOnce }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(minAccuracy === undefined ? {} : { minAccuracy }),
    ...(values.key === undefined ? {} : { key: values.key }),
    ...(json === undefined ? {} : { json }),
    ...(each === undefined ? {} : { each }),
  }
}
